"""The processes that Triton's Python backend runs models in, and which of them have died.

Triton (2.51) starts one per model instance. When one is killed, Triton neither starts another nor reports
that the model is not ready: requests sent to the instance fail, and those it was running are never answered.
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
    ended: bool  # a zombie, not yet reaped; Triton reaps a process at once if it ended it itself
    stopped: bool = False  # by SIGSTOP, or with its terminal


@dataclass
class ModelProcesses:
    """Finds dead and frozen model processes of a server by polling.

    Args:
        server: process id of tritonserver.
    """

    server: int
    _models: dict[int, str] = field(default_factory=dict)  # by process id, as of the last poll
    _suspects: set[int] = field(default_factory=set)  # found dead at the last poll
    _reported: set[int] = field(default_factory=set)
    _stopped: set[int] = field(default_factory=set)  # found stopped at the last poll

    def killed(self) -> list[str]:
        """Poll; return the models of which a process has died, each death once.

        A process must be found dead twice in a row: the processes of a model that is being unloaded are also
        dead for a moment.
        """
        children = list(_children(self.server))
        pids = {child.pid for child in children}
        ended = {child.pid for child in children if child.ended}
        alive = {child.pid: name for child in children if not child.ended and (name := model_of(child.pid))}
        dead = (ended & self._suspects & self._models.keys()) - self._reported
        self._suspects = ended
        # A process that is exiting has already lost its name but is not dead yet.
        self._models = {pid: name for pid, name in self._models.items() if pid in pids} | alive
        self._reported = (self._reported & pids) | dead
        return sorted({self._models[pid] for pid in dead})

    def of(self, model: str) -> set[int]:
        """Return the living processes of a model."""
        return {pid for pid, name in processes_of(self.server).items() if name == model}

    def kill_leftover(self, pid: int) -> None:
        """Kill a process that serves no requests any more; `killed` does not report its death."""
        self._reported.add(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def kill_stopped(self) -> list[str]:
        """Poll; kill model processes found stopped twice in a row, and return their models.

        Triton (2.51) regards a process that does not answer as unhealthy, and aborts when it continues after
        2 s or more. If it is killed before that, `killed` reports it like any other.
        """
        stopped = {child.pid: model_of(child.pid) for child in _children(self.server) if child.stopped}
        frozen = {pid: name for pid, name in stopped.items() if name and pid in self._stopped}
        self._stopped = set(stopped)
        for pid in frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return sorted(set(frozen.values()))


def processes_of(server: int) -> dict[int, str]:
    """Return the model that each living model process of a server runs, by process id."""
    return {child.pid: name for child in _children(server) if (name := model_of(child.pid))}


def model_of(pid: int) -> str | None:
    """Return the model that a process runs, None if it is not a model process or has ended."""
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
