"""A worker process in the export environment, driven by lines on its standard input."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perf.instruments.errors import SetupError
from perf.instruments.paths import NEMO_PYTHON
from tritone.server.options import ROOT


class NemoProcess:
    """A worker: each request is a line on its standard input, each response a line of JSON."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self._answer()  # that it is ready: the checkpoints are restored

    def ask(self, batch_size: int) -> Any:
        """Return the worker's response.

        Raises:
            SetupError: it has exited; the message contains its log.
        """
        print(batch_size, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SetupError(
                f"NeMo's process: expected a response, it has exited.\n{self._log.read_text()[-2000:]}"
            )
        return json.loads(line)


@contextmanager
def nemo_process(*arguments: Path | str) -> Iterator[NemoProcess]:
    """Run perf.bench.nemo_worker with these arguments while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [str(NEMO_PYTHON), "-m", "perf.bench.nemo_worker", *map(str, arguments)],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            ) as process,
        ):
            try:
                yield NemoProcess(process, log)
            finally:
                process.communicate()
