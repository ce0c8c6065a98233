"""Limits on how often a crashed server, or a model with killed processes, is restarted."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable

from ..errors import ServerError

WINDOW_S = 600.0
MAX_CRASHES = 5  # within WINDOW_S
_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)  # before each restart within WINDOW_S


class EventCounter:
    """Counts the events of the last WINDOW_S seconds.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def add(self) -> int:
        """Record an event now; return the number of events in the window, including this one."""
        now = self._clock()
        while self._times and now - self._times[0] >= WINDOW_S:
            self._times.popleft()
        self._times.append(now)
        return len(self._times)

    @property
    def span_s(self) -> float:
        """Seconds between the first and the last event in the window."""
        return self._times[-1] - self._times[0]


class CrashBudget:
    """Counts crashes and sets the pause after each.

    Args:
        clock: monotonic seconds.
        name: of the process.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, name: str = "tritonserver") -> None:
        self._name = name
        self._crashes = EventCounter(clock)

    def pause_s(self, code: int) -> float:
        """Count a crash; return the seconds to wait before the restart.

        Args:
            code: exit code of the process: the negated number of the signal that ended it.

        Raises:
            ServerError: it has crashed more than MAX_CRASHES times within WINDOW_S.
        """
        count = self._crashes.add()
        if count > MAX_CRASHES:
            raise ServerError(
                f"{self._name}: {count} crashes within {self._crashes.span_s:.0f} s, the last by "
                f"{signal_name(code)}; find the request or the fault that causes them before restarting it."
            )
        return _PAUSES_S[count - 1]


def signal_name(code: int) -> str:
    """Return the name of the signal that an exit code stands for, such as SIGFPE."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
