"""Load a model anew when one of its processes was killed."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from threading import Event

from ..errors import ServerError
from .control import ModelControl
from .crashes import EventCounter
from .model_processes import ModelProcesses

LEFTOVER_S = 300.0  # for the last requests of the old set of processes, after the model was loaded again
PERIOD_S = 1.0  # between looks; a death is seen at the second one
MAX_DEATHS = 5  # of one model within crashes.WINDOW_S; more are no accident


class Healer:
    """Watches the model processes of one server.

    Args:
        processes: of the server.
        control: of the server, to load models anew; None where the first death is reason to end the server.
        report: tells the operator what happens.
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

        Runs beside `watch`: loading a model takes up to minutes, in which a process of another one can freeze
        and wake.
        """
        while not stopping.wait(PERIOD_S):
            for model in self._processes.kill_stopped():
                self._report(
                    f"a process of {model} was frozen; killed it, for it would end the server on waking"
                )

    def watch(self, ready: Event, stopping: Event) -> None:
        """Heal until `stopping` is set, and not before `ready` is.

        Raises:
            ServerError: a model cannot be loaded anew, or dies again and again; the server is better started
                anew.
        """
        dead: set[str] = set()
        while not stopping.wait(PERIOD_S):
            dead.update(self._processes.killed())
            self._kill_leftovers()
            while dead and ready.is_set() and not stopping.is_set():
                self._heal(dead.pop())

    def _heal(self, model: str) -> None:
        if self._control is None:
            raise ServerError(f"{model}: one of its processes was killed, what it had at work is lost.")
        began, deaths = time.monotonic(), self._deaths[model]
        count = deaths.add()
        if count > MAX_DEATHS:
            raise ServerError(
                f"{model}: {count} of its processes were killed within {deaths.span_s:.0f} s; "
                "look for what kills them, the system's log names it when memory ran out."
            )
        self._report(f"a process of {model} was killed, what it had at work is lost; loading the model anew")
        old = self._processes.of(model)
        self._control.replace(model)
        self._replaced |= dict.fromkeys(old, (model, time.monotonic()))
        self._report(f"{model} is loaded anew, {time.monotonic() - began:.1f} s later")

    def _kill_leftovers(self) -> None:
        """Kill siblings of dead processes that Triton now and then leaves when a model is loaded again."""
        for pid, (model, replaced) in list(self._replaced.items()):
            if pid not in self._processes.of(model):
                del self._replaced[pid]
            elif time.monotonic() - replaced > LEFTOVER_S:
                del self._replaced[pid]
                self._processes.kill_leftover(pid)
                self._report(
                    f"killed a process of {model} that was left over when the model was loaded again"
                )
