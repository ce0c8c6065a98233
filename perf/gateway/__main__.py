"""`python -m perf.gateway`: what the gateway adds to Triton, measured both ways in one run."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tritone_client import TritoneError

from perf.gateway import captions, speech, transcription
from perf.gateway.process import gateway
from perf.gateway.report import Measured, markdown, raw
from perf.instruments.command_line import command_of, log, small_number, write_text
from perf.instruments.errors import MeasurementError
from perf.instruments.machine import describe
from perf.instruments.server import serving
from tritone.errors import ServerError
from tritone.server.options import REPOSITORIES

PARTS = ("transcription", "speech", "captions")
REQUESTS, ROUNDS = 200, 5
QUICK_REQUESTS, QUICK_ROUNDS = 20, 1
_CLIENTS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and report; return 0 if everything requested was measured, whatever the figures."""
    given = _parser().parse_args(arguments)
    machine, command = describe(), command_of("perf.gateway", arguments)
    requests, rounds = (QUICK_REQUESTS, QUICK_ROUNDS) if given.quick else (REQUESTS, ROUNDS)
    parts, measured = given.parts or PARTS, Measured()
    try:
        with serving(REPOSITORIES[0], given.config) as triton, gateway(triton.grpc_url) as under_test:
            url, pid = triton.grpc_url, triton.process.pid
            if "transcription" in parts:
                log("transcription ...")
                measured.transcription = transcription.measure(
                    url, pid, under_test, requests, rounds, _CLIENTS
                )
            if "speech" in parts:
                log("speech ...")
                measured.speech = speech.measure(url, under_test, 3 * rounds)
            if "captions" in parts:
                log("captions ...")
                measured.captions = captions.measure(
                    pid, under_test, given.websockets, min(given.speaking, given.websockets), given.seconds
                )
    except (MeasurementError, ServerError, TritoneError, OSError) as error:
        print(f"perf.gateway: {error}", file=sys.stderr)
        return 1
    print(markdown(measured, machine, command), end="")
    write_text(given.json, raw(measured, machine, command))
    return 0


def _part(name: str) -> str:
    if name not in PARTS:
        raise argparse.ArgumentTypeError(f"expected one of {', '.join(PARTS)}, got {name!r}")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m perf.gateway", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", type=_part, metavar="PART", help=f"{', '.join(PARTS)}; default: all"
    )
    parser.add_argument("--config", help="serve configs/NAME.pbtxt where a model has it, such as int8")
    parser.add_argument(
        "--websockets", type=small_number, default=100, help="concurrent captions (default: %(default)s)"
    )
    parser.add_argument(
        "--speaking", type=small_number, default=25, help="how many of them send audio (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds", type=small_number, default=20, help="of audio on each (default: %(default)s)"
    )
    parser.add_argument("--quick", action="store_true", help="few repetitions: a smoke test, figures vary")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the raw numbers")
    return parser


if __name__ == "__main__":
    sys.exit(main())
