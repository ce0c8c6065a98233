"""`python -m perf.alternative`: tritone against NeMo behind a FastAPI view, in the same run."""

from __future__ import annotations

import argparse
import dataclasses
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from perf.alternative.http_side import RefusedError
from perf.alternative.inputs import InputsError, recordings_of
from perf.alternative.measurement import QUICK, SIZES, THOROUGH, measure
from perf.alternative.report import markdown
from perf.bench.clips import RECORDINGS
from perf.bench.graphs import GraphsError
from perf.bench.machine import describe
from tritone.errors import TritoneError


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; 0 when it was measured, whatever the figures."""
    given = _parser().parse_args(arguments)
    command = shlex.join(
        ["python", "-m", "perf.alternative", *(sys.argv[1:] if arguments is None else arguments)]
    )
    effort = (QUICK if given.quick else THOROUGH)[given.size]
    changes = {name: getattr(given, name) for name in ("rounds", "clients", "clips", "texts")}
    effort = dataclasses.replace(
        effort, **{name: value for name, value in changes.items() if value is not None}
    )
    machine = describe()
    try:
        result = measure(given.size, effort, recordings_of(given.recordings))
    except (GraphsError, InputsError, RefusedError, TritoneError, OSError) as error:
        print(f"perf.alternative: {error}", file=sys.stderr)
        return 1
    print(markdown(result), end="")
    print("\n".join([*(f"- {name}: {value}" for name, value in machine.items()), f"- command: `{command}`"]))
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        content = {"command": command, "machine": machine, "result": result.to_json()}
        given.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.alternative", description=__doc__)
    parser.add_argument("--size", choices=tuple(SIZES), default="demo", help="of the networks (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="few repetitions: a look, not a measurement")
    parser.add_argument("--rounds", type=_count)
    parser.add_argument("--clients", type=_counts, metavar="N,N", help="how many clients at a time")
    parser.add_argument("--clips", type=_count, help="recordings per round")
    parser.add_argument("--texts", type=_count, help="texts per round")
    parser.add_argument(
        "--recordings", type=Path, default=RECORDINGS, metavar="FOLDER", help="WAV, FLAC, OGG, MP3"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    return parser


def _count(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, got {text!r}")
    return number


def _counts(text: str) -> tuple[int, ...]:
    return tuple(_count(part) for part in text.split(","))


if __name__ == "__main__":
    sys.exit(main())
