"""How often something has happened lately."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WITHIN_S = 600.0


class Recurrence:
    """Counts what happens within WITHIN_S seconds.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: deque[float] = deque()

    def add(self) -> int:
        """Count one more; return how many there were within the time, this one included."""
        now = self._clock()
        while self._times and now - self._times[0] >= WITHIN_S:
            self._times.popleft()
        self._times.append(now)
        return len(self._times)

    @property
    def span_s(self) -> float:
        """Seconds from the first of those counted to the last."""
        return self._times[-1] - self._times[0]
