"""Progress messages of a deploy."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

_SHOWN_LINES = 16  # of a file


class Progress:
    """Prints steps and, with `commands`, what is run here and on the node.

    Args:
        commands: print every command and file too.
        stream: where to print; None means standard output.
    """

    def __init__(self, commands: bool = False, stream: TextIO | None = None) -> None:
        self._commands = commands
        self._stream: TextIO | None = stream or sys.stdout
        self._started_s = time.monotonic()

    def step(self, text: str) -> None:
        """Print the step that starts now."""
        self._print(f"{time.monotonic() - self._started_s:6.1f} s  {text}")

    def note(self, text: str) -> None:
        """Print details of the step."""
        self._print("          " + text.replace("\n", "\n          "))

    def ran(self, command: str) -> None:
        """Show a shell command of the node."""
        self._show("node", command)

    def ran_here(self, command: str) -> None:
        """Show a command or a check of this machine."""
        self._show("here", command)

    def wrote(self, path: str, content: str) -> None:
        """Show a file that is written on the node."""
        if self._commands:
            self._print(f"    node: {path} becomes")
            lines = content.rstrip("\n").splitlines()
            for line in lines[:_SHOWN_LINES]:
                self._print(f"        | {line}")
            if len(lines) > _SHOWN_LINES:
                self._print(f"        | ... {len(lines) - _SHOWN_LINES} more lines")

    def _show(self, where: str, command: str) -> None:
        if self._commands:
            self._print(f"    {where}$ " + command.strip().replace("\n", "\n          "))

    def _print(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except BrokenPipeError:  # the reader has closed the pipe; the deploy continues
            self._stream = None
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
