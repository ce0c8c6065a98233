"""What a deploy says while it works."""

from __future__ import annotations

import os
import sys
import time
from typing import TextIO

_SHOWN_LINES = 16  # of a file


class Progress:
    """Prints steps, and with `commands` also what is run, here and on the node.

    Args:
        commands: print every command and file too.
        stream: where to.
    """

    def __init__(self, commands: bool = False, stream: TextIO | None = None) -> None:
        self._commands = commands
        self._stream: TextIO | None = stream or sys.stdout
        self._started_s = time.monotonic()

    def step(self, text: str) -> None:
        """Say what begins now."""
        self._print(f"{time.monotonic() - self._started_s:6.1f} s  {text}")

    def note(self, text: str) -> None:
        """Say more about the step."""
        self._print("          " + text.replace("\n", "\n          "))

    def ran(self, command: str) -> None:
        """Show a command of the node's shell."""
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
            first, *others = command.strip().splitlines()
            self._print(f"    {where}$ {first}")
            for line in others:
                self._print(f"          {line}")

    def _print(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            print(line, file=self._stream, flush=True)
        except BrokenPipeError:  # who listened has gone; the work goes on
            self._stream = None
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
