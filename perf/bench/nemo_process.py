"""NeMo in a process of the export environment, asked line by line."""

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
    """A worker process: every question is a line on its standard input, every answer a line of JSON."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log
        self._answer()  # restored and ready

    def ask(self, question: int) -> Any:
        """Return the worker's answer.

        Raises:
            SetupError: it ended; the message has what it logged.
        """
        print(question, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise SetupError(f"NeMo's process ended early.\n{self._log.read_text()[-2000:]}")
        return json.loads(line)


@contextmanager
def nemo_process(module: str, *arguments: Path | str) -> Iterator[NemoProcess]:
    """Run a worker module while the block runs."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with (
            log.open("w") as errors,
            subprocess.Popen(
                [str(NEMO_PYTHON), "-m", module, *map(str, arguments)],
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
