"""`python -m perf.streaming`: play recordings in real time over many streams; measure what is shown when."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tritone_client import TritoneError

from perf.instruments.command_line import command_of, log, positive, small_numbers, write_text
from perf.instruments.machine import describe
from perf.instruments.paths import RESULTS
from perf.instruments.server import Endpoints, serving
from perf.instruments.streams.measuring import Measured, measure_streams
from perf.streaming.report import markdown, raw
from tritone.errors import ServerError
from tritone.server.options import REPOSITORIES

QUICK_STREAMS, QUICK_S, QUICK_ROUNDS = (1, 4), 8.0, 2
ROUNDS = 7
REPORT, FIGURES, PLOT = "report.md", "run.json", "streams.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; return the exit code."""
    given = _parser().parse_args(arguments)
    streams, seconds, rounds = given.streams, given.seconds, ROUNDS
    if given.quick:
        streams, seconds, rounds = QUICK_STREAMS, QUICK_S, QUICK_ROUNDS
    try:
        if given.grpc_url:
            target = Endpoints(given.grpc_url, "", "", given.pid)
            measured = measure_streams(target, streams, seconds, rounds)
        else:
            with serving(REPOSITORIES[0], given.config) as server:
                measured = measure_streams(Endpoints.of(server), streams, seconds, rounds)
    except (ServerError, TritoneError, OSError) as error:
        log(f"perf.streaming: {error}")
        return 1
    machine, command = describe(), command_of("perf.streaming", arguments)
    given.output.mkdir(parents=True, exist_ok=True)
    write_text(given.output / FIGURES, raw(measured, machine, command))
    text = markdown(measured, machine, command, PLOT if _drawn(measured, given.output / PLOT) else "")
    write_text(given.output / REPORT, f"# Live streams under load\n\n{text}")
    print(text, end="")
    return 0


def _drawn(measured: Measured, path: Path) -> bool:
    try:
        from perf.streaming.plots import draw
    except ImportError as error:
        log(f"perf.streaming: no plot without {error.name}; `make perf-setup` installs it.")
        return False
    draw(measured, path)
    return True


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.streaming", description=__doc__)
    parser.add_argument(
        "--streams", type=small_numbers, default=(1, 8, 16, 32), metavar="N,N", help="(default: 1,8,16,32)"
    )
    parser.add_argument(
        "--seconds", type=positive, default=30.0, help="of audio on each stream (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="few streams, half a minute; figures vary")
    parser.add_argument("--config", help="configs/NAME.pbtxt for the started server, e.g. int8")
    parser.add_argument("--grpc-url", help="HOST:PORT of a running server; default: start one")
    parser.add_argument("--pid", type=int, help="of the running tritonserver, to read its processor time")
    parser.add_argument(
        "--output", type=Path, default=RESULTS / "streaming", metavar="FOLDER", help="(default: %(default)s)"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
