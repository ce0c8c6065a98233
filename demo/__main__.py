"""`make demo`: recognise recordings on a real Triton server, synthesise the text of one, do both live."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from tritone_client import Client, Transcription, TritoneError

from demo.live import listen_and_speak
from demo.report import DemoReport
from demo.synthesis import synthesise_and_recognise
from tritone.errors import ServerError
from tritone.server import Ports, ServerOptions, TritonServer

RECORDINGS = Path(__file__).resolve().parent / "recordings"
MANIFEST = RECORDINGS / "manifest.jsonl"
SYNTHESISED = RECORDINGS / "report_gb_stereo_22050hz.ogg"  # recognised without errors; otherwise the first
INTERRUPTED = 130  # 128 + SIGINT, as shells report it


def main() -> int:
    """Run the demo; return the exit code."""
    arguments = _arguments()
    references = _references()
    files = arguments.files or list(references)
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        print(f"demo: no such file: {', '.join(missing)}", file=sys.stderr)
        return 1
    try:
        return _run(files, references, ServerOptions(ports=_ports(arguments)))
    except ServerError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted, the server is stopped", file=sys.stderr)
        return INTERRUPTED


def _run(files: Sequence[Path], references: Mapping[Path, str], options: ServerOptions) -> int:
    report = DemoReport.for_stdout()
    report.line("Starting Triton with tritone's models ...")
    started_s = time.perf_counter()
    with TritonServer(options) as server, Client(server.grpc_url) as client:
        report.line(f"Ready after {time.perf_counter() - started_s:.1f} s: gRPC {server.grpc_url}.")
        _, warm_up_s = _timed(client, files[0])
        report.line(f"Warm-up: the first recording once, {warm_up_s * 1000:.0f} ms, not counted below.")
        audio_s = total_s = 0.0
        failures = 0
        recognised: dict[Path, str] = {}  # text of each recording that contains words
        for file in files:
            result, seconds = _timed(client, file)
            if isinstance(result, TritoneError):
                failures += 1
                report.failure(file.name, result)
                continue
            report.recording(file, result, seconds, references.get(file.resolve()))
            audio_s += result.duration_s or 0.0
            total_s += seconds
            if result.text:
                recognised[file] = result.text
        report.summary(len(files) - failures, audio_s, total_s)
        if recognised:
            file = SYNTHESISED if SYNTHESISED in recognised else next(iter(recognised))
            failures += not synthesise_and_recognise(client, file, recognised[file], report)
            failures += not listen_and_speak(client, file, recognised[file], report)
    report.line()
    report.line("The server is stopped. Next:")
    report.line("  make serve                                  run a server")
    report.line("  .venv/bin/tritone transcribe your.wav       call it, from another shell")
    report.line("  .venv/bin/tritone synthesize Hello -o hello.wav")
    return 1 if failures else 0


def _timed(client: Client, file: Path) -> tuple[Transcription | TritoneError, float]:
    started_s = time.perf_counter()
    try:
        result: Transcription | TritoneError = client.transcribe(file)
    except TritoneError as error:
        result = error
    return result, time.perf_counter() - started_s


def _references() -> dict[Path, str]:
    """Return the reference transcript of each sample recording."""
    rows = map(json.loads, MANIFEST.read_text(encoding="utf-8").splitlines())
    return {RECORDINGS / row["audio_filepath"]: row["text"] for row in rows}


def _ports(arguments: argparse.Namespace) -> Ports:
    given = {"http": arguments.http_port, "grpc": arguments.grpc_port, "metrics": arguments.metrics_port}
    return replace(Ports.free(), **{name: port for name, port in given.items() if port is not None})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="audio files instead of the sample recordings")
    for name in ("http", "grpc", "metrics"):
        # `make demo GRPC_PORT=...` exports its variables to the environment.
        given = os.environ.get(f"{name.upper()}_PORT")
        parser.add_argument(f"--{name}-port", type=int, default=given, help="default: a free one")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
