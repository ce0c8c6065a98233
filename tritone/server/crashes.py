"""How often a server that crashed is started again."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Callable

from ..errors import ServerError

MOST_CRASHES = 5  # within the time below; more are no accident
WITHIN_S = 600.0
_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)  # before each start again, while crashes follow each other


class CrashBudget:
    """Counts crashes and says how long to wait after each.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes: deque[float] = deque()

    def pause_s(self, code: int) -> float:
        """Count a crash; return the seconds to wait before the server is started again.

        Args:
            code: exit code of the process, minus the signal that ended it.

        Raises:
            ServerError: it has crashed too often within a short time.
        """
        now = self._clock()
        while self._crashes and now - self._crashes[0] >= WITHIN_S:
            self._crashes.popleft()
        if len(self._crashes) == MOST_CRASHES:
            raise ServerError(
                f"tritonserver: {MOST_CRASHES + 1} crashes within {now - self._crashes[0]:.0f} s, the last "
                f"by {signal_name(code)}; find the request or the fault behind them before starting it again."
            )
        self._crashes.append(now)
        return _PAUSES_S[len(self._crashes) - 1]


def signal_name(code: int) -> str:
    """Return the name of the signal that an exit code tells of, such as SIGFPE."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
