"""A gateway under test, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from perf.instruments.errors import MeasurementError

_STOPPING_S = 30.0


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    host: str
    port: int
    pid: int


@contextmanager
def gateway(grpc_url: str, python: tuple[str, ...] = ()) -> Iterator[Gateway]:
    """Serve the gateway on a free port while the block runs.

    Args:
        grpc_url: HOST:PORT of its Triton.
        python: what to run Python with, such as a profiler; empty: nothing.

    Raises:
        MeasurementError: it did not start; its own message says why.
    """
    with TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        options = ["--gateway-port", "0", "--triton-url", grpc_url, "--data-folder", folder]
        with log.open("wb") as written:
            process = subprocess.Popen(
                [*python, sys.executable, "-m", "tritone_gateway", "serve", *options, "--log-format", "json"],
                stdin=subprocess.DEVNULL,
                stderr=written,
                env={name: value for name, value in os.environ.items() if not name.startswith("TRITONE_")},
            )
        try:
            host, port = _address(process, log)
            yield Gateway(host, port, process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOPPING_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> tuple[str, int]:
    """Wait until it serves; return host and port."""
    with log.open(encoding="utf-8") as lines:
        while True:
            line = lines.readline()
            if '"serving"' in line and line.endswith("\n"):
                host, _, port = json.loads(line)["page"].removeprefix("http://").strip("/").rpartition(":")
                return host, int(port)
            if not line:
                try:
                    process.wait(0.05)
                except subprocess.TimeoutExpired:
                    continue
                raise MeasurementError(f"gateway: did not start.\n{log.read_text(encoding='utf-8')}")
