"""Load a model again when one of its processes was killed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from threading import Event

from ..errors import ServerError
from .control import ModelControl
from .crashes import EventCounter
from .model_processes import ModelProcesses

LEFTOVER_S = 300.0  # for the old processes to answer their last requests after a reload
PERIOD_S = 1.0  # between two polls; a death is detected at the second one
MAX_DEATHS = 5  # of one model within crashes.WINDOW_S; more have a lasting cause


class Healer:
    """Watches the model processes of one server.

    Args:
        processes: of the server.
        control: of the server, to reload models; None to end the server at the first death.
        report: receives messages for the operator.
    """

    def __init__(
        self, processes: ModelProcesses, control: ModelControl | None, report: Callable[[str], None]
    ) -> None:
        self._processes = processes
        self._control = control
        self._report = report
        self._deaths: dict[str, EventCounter] = defaultdict(EventCounter)
        self._replaced: dict[int, tuple[str, float]] = {}  # model and time, by process id

    def kill_frozen(self, stopping: Event) -> None:
        """Kill frozen processes until `stopping` is set.

        Runs concurrently with `watch`: loading a model can take minutes, during which a process of another
        model can freeze and wake.
        """
        while not stopping.wait(PERIOD_S):
            for model in self._processes.kill_stopped():
                self._report(
                    f"a process of {model} was frozen; killed it, because it would end the server on waking"
                )

    def watch(self, ready: Event, stopping: Event) -> None:
        """Reload models with killed processes until `stopping` is set, but not before `ready` is.

        Raises:
            ServerError: a model cannot be loaded again, or its processes keep dying; restart the server.
        """
        dead: set[str] = set()
        while not stopping.wait(PERIOD_S):
            dead.update(self._processes.killed())
            self._kill_leftovers()
            while dead and ready.is_set() and not stopping.is_set():
                self._heal(dead.pop())

    def _heal(self, model: str) -> None:
        if self._control is None:
            raise ServerError(f"{model}: one of its processes was killed, and its running requests are lost.")
        started, deaths = time.monotonic(), self._deaths[model]
        count = deaths.add()
        if count > MAX_DEATHS:
            raise ServerError(
                f"{model}: {count} of its processes were killed within {deaths.span_s:.0f} s; "
                "find the cause; the system log names it if memory ran out."
            )
        self._report(
            f"a process of {model} was killed, and its running requests are lost; loading the model again"
        )
        old = self._processes.of(model)
        self._control.replace(model)
        self._replaced |= dict.fromkeys(old, (model, time.monotonic()))
        self._report(f"{model} is loaded again after {time.monotonic() - started:.1f} s")

    def _kill_leftovers(self) -> None:
        """Kill siblings of dead processes that Triton sometimes leaves running after a reload."""
        for pid, (model, replaced) in list(self._replaced.items()):
            if pid not in self._processes.of(model):
                del self._replaced[pid]
            elif time.monotonic() - replaced > LEFTOVER_S:
                del self._replaced[pid]
                self._processes.kill_leftover(pid)
                self._report(f"killed a process of {model} that remained after the model was loaded again")
