"""`python -m perf.context [RECORDING ...]`: measure how much context streams of a recogniser need."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from perf.context.measuring import MODEL, Recogniser, Row, measure
from tritone.errors import TritoneError
from tritone.server.options import REPOSITORIES

_SAMPLES = Path(__file__).resolve().parents[2] / "demo/recordings"
_SUFFIXES = (".wav", ".flac", ".mp3", ".ogg")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table."""
    given = _parser().parse_args(arguments)
    paths = given.recordings or sorted(path for path in _SAMPLES.iterdir() if path.suffix in _SUFFIXES)
    try:
        rows = measure(Recogniser(given.repository, given.model, given.version), paths)
    except (TritoneError, OSError) as error:
        print(f"perf.context: {error}", file=sys.stderr)
        return 1
    print(table(rows))
    return 0


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| context, s | labels that change with so much before | after |", "|---|---|---|"]
    lines += [f"| {row.seconds:g} | {row.left:.1%} | {row.right:.1%} |" for row in rows]
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.context", description=__doc__)
    parser.add_argument("recordings", nargs="*", type=Path, help="of speech; default: the sample recordings")
    parser.add_argument("--repository", type=Path, default=REPOSITORIES[0], help="default: %(default)s")
    parser.add_argument("--model", default=MODEL, help="that recognises streams, default: %(default)s")
    parser.add_argument("--version", type=int, default=1, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    sys.exit(main())
