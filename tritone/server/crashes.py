"""How often a server that crashed is started again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from ..errors import ServerError
from .recurrence import Recurrence

MOST_CRASHES = 5  # within WITHIN_S; more are no accident
_PAUSES_S = (0.0, 1.0, 2.0, 4.0, 8.0)  # before each start again, while crashes follow each other


class CrashBudget:
    """Counts crashes and says how long to wait after each.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._crashes = Recurrence(clock)

    def pause_s(self, code: int) -> float:
        """Count a crash; return the seconds to wait before the server is started again.

        Args:
            code: exit code of the process, minus the signal that ended it.

        Raises:
            ServerError: it has crashed too often within a short time.
        """
        count = self._crashes.add()
        if count > MOST_CRASHES:
            raise ServerError(
                f"tritonserver: {count} crashes within {self._crashes.span_s:.0f} s, the last "
                f"by {signal_name(code)}; find the request or the fault behind them before starting it again."
            )
        return _PAUSES_S[count - 1]


def signal_name(code: int) -> str:
    """Return the name of the signal that an exit code tells of, such as SIGFPE."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
