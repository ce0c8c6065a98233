"""A node that is not touched: everything that would be done there is printed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.node import DEFAULT_TIMEOUT_S, Result
from deploy.progress import Progress
from deploy.ssh import copy_command


class DryNode:
    """Prints commands instead of running them, and answers what was supposed.

    Args:
        host: as for SshNode; nothing connects to it.
        arguments: further arguments of ssh.
        progress: prints; its `commands` should be on.
    """

    def __init__(self, host: str, arguments: Sequence[str], progress: Progress) -> None:
        self.host = host
        self._arguments = list(arguments)
        self._progress = progress

    def run(
        self,
        command: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        check: bool = True,
        supposing: str = "",
    ) -> Result:
        """Run a command of the shell on the node; see Node."""
        self._progress.ran(command)
        return Result(0, supposing)

    def write(self, path: str, content: str, mode: str = "644") -> None:
        """Replace a file on the node at once; see Node."""
        self._progress.wrote(path, content)

    def copy(self, source: Path, rules: Sequence[str], target: str, unchanged_in: str | None) -> str:
        """Copy a folder to the node; see Node."""
        command = copy_command(self.host, ["ssh", *self._arguments], source, rules, target, unchanged_in)
        self._progress.ran_here(shlex.join(command))
        return "nothing sent"

    def session(self, command: str) -> DrySession:
        """Start a command that keeps running; see Node."""
        self._progress.ran(command)
        return DrySession()

    @contextmanager
    def forward(self, target: str) -> Iterator[str]:
        """Open a tunnel; see Node."""
        self._progress.ran_here(
            shlex.join(["ssh", *self._arguments, "-N", "-L", f"127.0.0.1:PORT:{target}", self.host])
        )
        yield "127.0.0.1:PORT"


class DrySession:
    """A session with nobody: it answers that all is well."""

    def say(self, line: str) -> None:
        """Send a line."""

    def hear(self, timeout_s: float) -> str:
        """Return the next line of output."""
        return "held"

    def is_open(self) -> bool:
        """Whether it runs and is connected."""
        return True

    def close(self, timeout_s: float) -> None:
        """Close its input and wait for its end."""
