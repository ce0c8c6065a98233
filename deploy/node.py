"""The one way to a node: commands, files, a copy, a tunnel. ssh.py is the real one, dry_run.py prints."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

DEFAULT_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Result:
    """What a command on the node left."""

    code: int  # exit status
    output: str  # standard output
    complaints: str = ""  # standard error


class Session(Protocol):
    """A command that keeps running on the node while lines are sent to it."""

    def say(self, line: str) -> None:
        """Send a line; a session that has ended ignores it."""

    def hear(self, timeout_s: float) -> str:
        """Return the next line of its output, empty when it ended or said nothing in time."""

    def is_open(self) -> bool:
        """Whether the command still runs and is connected."""

    def close(self, timeout_s: float) -> None:
        """Close its input and wait for its end, at most `timeout_s` seconds."""


class Node(Protocol):
    """A machine that a release is put on."""

    host: str  # as ssh takes it: user@name or an alias of ssh's configuration

    def run(
        self,
        command: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        check: bool = True,
        supposing: str = "",
    ) -> Result:
        """Run a command of the shell on the node.

        Args:
            command: for POSIX sh; put values into it with `quoted`.
            timeout_s: seconds until it is given up.
            check: raise when it ends with another code than 0.
            supposing: its output in a dry run, which runs nothing.

        Raises:
            NodeCommandError: it failed, or took too long.
            DiskFullError: it failed for want of space.
            UnreachableError: the connection was lost.
        """

    def write(self, path: str, content: str, mode: str = "644") -> None:
        """Replace a file on the node at once: readers see the old content or the new, nothing between."""

    def copy(self, source: Path, rules: Sequence[str], target: str, unchanged_in: str | None) -> str:
        """Copy a folder to the node with rsync.

        Args:
            source: the folder.
            rules: rsync filter options: what of it.
            target: folder on the node; what else it holds is deleted.
            unchanged_in: folder on the node, if there is one; files that are the same there are linked
                instead of sent.

        Returns:
            What was sent, in words.
        """

    def session(self, command: str) -> Session:
        """Start a command that keeps running while the session is open."""

    def forward(self, target: str) -> AbstractContextManager[str]:
        """Open a tunnel; the value is HOST:PORT on this machine.

        Args:
            target: HOST:PORT as the node sees it, or the path of a socket there.
        """


def quoted(template: str, *values: str | int | Sequence[str]) -> str:
    """Fill a command's `{}` with values, each quoted for the shell; a sequence becomes several words."""
    words = [
        shlex.quote(str(value)) if isinstance(value, str | int) else shlex.join(value) for value in values
    ]
    return template.format(*words)
