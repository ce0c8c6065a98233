"""The alternative's server, as a process of the export environment."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perf.alternative import NETWORKS
from perf.instruments.errors import SetupError
from perf.instruments.model_sizes import Size, require_nemo
from perf.instruments.paths import NEMO_PYTHON
from tritone.server import Ports
from tritone.server.options import ROOT

PACKAGES = ("nemo_toolkit", "torch", "fastapi", "uvicorn")
STARTING_S = 300.0  # importing NeMo and restoring full-size checkpoints on a busy machine
_VERSIONS = (
    "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
)


@contextmanager
def alternative_server(size: Size) -> Iterator[str]:
    """Serve a size's checkpoints while the block runs; yields host:port.

    Raises:
        SetupError: there is no export environment or checkpoint, or the server did not start.
    """
    checkpoints = [str(size.checkpoint(network)) for network in NETWORKS]
    install()
    url = f"127.0.0.1:{Ports.free().http}"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            log.open("w") as output,
            subprocess.Popen(
                [str(NEMO_PYTHON), "-m", "perf.alternative.app", url.rpartition(":")[2], *checkpoints],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            ) as process,
        ):
            try:
                _wait_ready(url, process, log)
                yield url
            finally:
                process.terminate()
                try:
                    process.wait(30)
                except subprocess.TimeoutExpired:
                    process.kill()


def install() -> None:
    """Install the web server into the export environment if it is not there yet.

    Raises:
        SetupError: there is no such environment, or the installation failed.
    """
    require_nemo()
    finished = subprocess.run(
        [sys.executable, str(ROOT / "tools/environment.py"), "alternative"], capture_output=True, text=True
    )
    if finished.returncode:
        raise SetupError(
            "perf/alternative/requirements.txt: expected to install it, pip failed: "
            f"{finished.stderr[-1000:]}"
        )


def versions() -> dict[str, str]:
    """Return the versions of the packages that the alternative uses."""
    finished = subprocess.run(
        [str(NEMO_PYTHON), "-c", _VERSIONS, *PACKAGES], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(finished.stdout)
    return found


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTING_S
    while not _is_ready(url):
        if process.poll() is not None:
            raise SetupError(
                f"the alternative's server: ended with code {process.returncode} while starting.\n"
                f"{log.read_text(errors='replace')[-2000:]}"
            )
        if time.monotonic() > deadline:
            raise SetupError(
                f"the alternative's server: not ready after {STARTING_S:g} s; measure when the machine is "
                f"less busy.\n{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.2)


def _is_ready(url: str) -> bool:
    connection = http.client.HTTPConnection(url, timeout=2)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
