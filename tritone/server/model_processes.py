"""The processes that Triton's Python backend runs models in, and which of them have died.

Triton (2.51) starts one per model instance. When one is killed, Triton neither starts another nor says that
it is not ready: requests that meet the instance fail, those that it had at work are never answered.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from .procfs import PROC, stat_fields

_STUB = "triton_python_backend_stub"


@dataclass(frozen=True)
class Process:
    """One child of a server."""

    pid: int
    ended: bool  # a zombie, not yet reaped: Triton reaps at once what it ends by itself
    stopped: bool = False  # by SIGSTOP, or with its terminal


@dataclass
class ModelProcesses:
    """Looks at a server's model processes from time to time.

    Args:
        server: process id of tritonserver.
    """

    server: int
    _models: dict[int, str] = field(default_factory=dict)  # by process id, as of the last look
    _suspects: set[int] = field(default_factory=set)  # found ended at the last look
    _reported: set[int] = field(default_factory=set)
    _still: set[int] = field(default_factory=set)  # found stopped at the last look

    def killed(self) -> list[str]:
        """Look now; return the models of which a process has died, each death once.

        A process must be found dead twice in a row: when a model is unloaded, its processes are dead too
        for a moment.
        """
        children = list(_children(self.server))
        pids = {child.pid for child in children}
        ended = {child.pid for child in children if child.ended}
        alive = {child.pid: name for child in children if not child.ended and (name := model_of(child.pid))}
        dead = (ended & self._suspects & self._models.keys()) - self._reported
        self._suspects = ended
        # One that is about to end has no name any more and has not ended yet.
        self._models = {pid: name for pid, name in self._models.items() if pid in pids} | alive
        self._reported = (self._reported & pids) | dead
        return sorted({self._models[pid] for pid in dead})

    def of(self, model: str) -> set[int]:
        """Return the living processes of a model."""
        return {pid for pid, name in processes_of(self.server).items() if name == model}

    def kill_leftover(self, pid: int) -> None:
        """Kill a process that serves nothing any more; its death is no reason to heal."""
        self._reported.add(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_stopped(self) -> list[str]:
        """Look now; kill model processes found stopped twice in a row, and return their models.

        Triton (2.51) takes a process that does not answer for unhealthy, and aborts when it wakes after 2 s
        or more. Killed before that, it is found dead like any other.
        """
        stopped = {child.pid: model_of(child.pid) for child in _children(self.server) if child.stopped}
        frozen = {pid: name for pid, name in stopped.items() if name and pid in self._still}
        self._still = set(stopped)
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return sorted(set(frozen.values()))


def processes_of(server: int) -> dict[int, str]:
    """Return the model that each living model process of a server runs, by process id."""
    return {child.pid: name for child in _children(server) if (name := model_of(child.pid))}


def model_of(pid: int) -> str | None:
    """Return the model that a process runs, None where it is no model process or has ended."""
    try:
        command = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return None
    # A stub's first argument is the model's file: FOLDER/<model>/<version>/<file>.
    if len(command) < 2 or Path(command[0]).name != _STUB:
        return None
    parts = Path(command[1]).parts
    return parts[-3] if len(parts) >= 3 else None


def _children(parent: int) -> Iterator[Process]:
    for pid in [int(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()]:
        try:
            state, ppid = stat_fields(pid)[:2]
        except OSError:  # it has just ended
            continue
        if int(ppid) == parent:
            yield Process(pid, ended=state in "ZX", stopped=state == "T")
