"""Load a model anew when one of its processes was killed."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from threading import Event

from ..errors import ServerError
from .control import ModelControl
from .model_processes import ModelProcesses

PERIOD_S = 1.0  # between looks; a death is seen at the second one
MOST_DEATHS = 5  # of one model within the time below; more are no accident
WITHIN_S = 600.0


class Healer:
    """Watches the model processes of one server.

    Args:
        processes: of the server.
        control: of the server, to load models anew; None where the first death is reason to end the server.
        say: tells the operator what happens.
    """

    def __init__(
        self, processes: ModelProcesses, control: ModelControl | None, say: Callable[[str], None]
    ) -> None:
        self._processes = processes
        self._control = control
        self._say = say
        self._deaths: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_DEATHS))

    def watch(self, ready: Event, stopping: Event) -> None:
        """Heal until `stopping` is set, and not before `ready` is.

        Raises:
            ServerError: a model cannot be loaded anew, or dies again and again; the server is better started
                anew.
        """
        dead: set[str] = set()
        while not stopping.wait(PERIOD_S):
            dead.update(self._processes.killed())
            while dead and ready.is_set() and not stopping.is_set():
                self._heal(dead.pop())

    def _heal(self, model: str) -> None:
        if self._control is None:
            raise ServerError(f"{model}: one of its processes was killed, what it had at work is lost.")
        now, deaths = time.monotonic(), self._deaths[model]
        if len(deaths) == MOST_DEATHS and now - deaths[0] < WITHIN_S:
            raise ServerError(
                f"{model}: {MOST_DEATHS + 1} of its processes were killed within {now - deaths[0]:.0f} s; "
                "look for what kills them, the system's log names it when memory ran out."
            )
        deaths.append(now)
        self._say(f"a process of {model} was killed, what it had at work is lost; loading the model anew")
        self._control.replace(model)
        self._say(f"{model} is loaded anew, {time.monotonic() - now:.1f} s later")
