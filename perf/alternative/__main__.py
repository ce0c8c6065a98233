"""`python -m perf.alternative`: tritone against NeMo behind a FastAPI view, in the same run."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from perf.alternative.inputs import recordings_of
from perf.alternative.measurement import QUICK, THOROUGH, measure
from perf.alternative.report import markdown
from perf.instruments.command_line import command_of, small_number, small_numbers, write_text
from perf.instruments.errors import MeasurementError
from perf.instruments.machine import describe
from perf.instruments.model_sizes import SIZES
from perf.instruments.paths import RECORDINGS
from perf.instruments.texts import spoken_texts
from tritone.errors import TritoneError


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; return 0 if it was measured, whatever the figures."""
    given = _parser().parse_args(arguments)
    command = command_of("perf.alternative", arguments)
    effort = (QUICK if given.quick else THOROUGH)[given.size]
    changes = {name: getattr(given, name) for name in ("rounds", "clients", "clips", "texts")}
    effort = dataclasses.replace(
        effort, **{name: value for name, value in changes.items() if value is not None}
    )
    machine = describe()
    try:
        recordings = [file for path in given.recordings for file in recordings_of(path)]
        file = given.texts_file
        texts = file.read_text(encoding="utf-8").splitlines() if file else spoken_texts()
        result = measure(given.size, effort, recordings, texts)
    except (MeasurementError, TritoneError, OSError) as error:
        print(f"perf.alternative: {error}", file=sys.stderr)
        return 1
    report = markdown(result)
    print(report, end="")
    print("\n".join([*(f"- {name}: {value}" for name, value in machine.items()), f"- command: `{command}`"]))
    figures = dataclasses.asdict(result)
    content = {"command": command, "machine": machine, "result": figures, "report": report}
    write_text(given.json, json.dumps(content, indent=1) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.alternative", description=__doc__)
    parser.add_argument("--size", choices=tuple(SIZES), default="demo", help="of the networks (%(default)s)")
    parser.add_argument("--quick", action="store_true", help="few repetitions: a smoke test, figures vary")
    parser.add_argument("--rounds", type=small_number)
    parser.add_argument("--clients", type=small_numbers, metavar="N,N", help="numbers of concurrent clients")
    parser.add_argument("--clips", type=small_number, help="recordings per round")
    parser.add_argument("--texts", type=small_number, help="texts per round")
    parser.add_argument(
        "--recordings",
        type=Path,
        nargs="+",
        default=[RECORDINGS],
        metavar="PATH",
        help="folders, or WAV, FLAC, OGG and MP3 files; default: demo/recordings",
    )
    parser.add_argument(
        "--texts-file", type=Path, metavar="FILE", help="a text per line; default: bundled ones"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
