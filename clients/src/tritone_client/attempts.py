"""Retries: one deadline for a request with all its attempts, and growing pauses between them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
FIRST_OVERLOAD_PAUSE_S = 0.5  # an immediate retry finds the queue still full
LONGEST_OVERLOAD_PAUSE_S = 10.0
LONGEST_RECOVERY_PAUSE_S = 1.0  # a process is restarted within seconds, and retries form no queue
SHORTEST_ATTEMPT_S = 0.05  # a shorter attempt could only time out, which would hide the first error


@dataclass(frozen=True)
class Deadline:
    """The deadline that all attempts of one request share."""

    timeout_s: float  #: seconds from now
    started_s: float = field(default_factory=time.monotonic)

    def remaining_s(self) -> float:
        """Return the seconds left, 0 after the deadline."""
        return max(0.0, self.started_s + self.timeout_s - time.monotonic())

    def leaves_room(self, pause_s: float = 0.0) -> bool:
        """Return whether there is time for another attempt after a pause."""
        return self.remaining_s() > pause_s + SHORTEST_ATTEMPT_S


@dataclass(frozen=True)
class RetryPolicy:
    """How long and how often a request is retried."""

    timeout_s: float  #: seconds for a request, including all attempts and pauses
    retries: int  #: further attempts when the address does not answer
    overload_wait_s: float = 0.0  #: seconds to keep retrying an overloaded or recovering server

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s: expected more than 0 seconds, got {self.timeout_s}.")
        if self.retries < 0:
            raise ValueError(f"retries: expected 0 or more, got {self.retries}.")
        if not self.overload_wait_s >= 0:
            raise ValueError(f"overload_wait_s: expected 0 seconds or more, got {self.overload_wait_s}.")

    def pauses_s(self) -> Iterator[float]:
        """Yield the pause before each retry: exponential, with random jitter so that clients spread out."""
        for _, pause_s in zip(range(self.retries), _growing(FIRST_PAUSE_S, LONGEST_PAUSE_S), strict=False):
            yield pause_s

    def overload_pauses_s(self) -> Iterator[float]:
        """Yield the pauses between retries to an overloaded server, until `overload_wait_s` is over."""
        return self._waiting_pauses_s(LONGEST_OVERLOAD_PAUSE_S)

    def recovery_pauses_s(self) -> Iterator[float]:
        """Yield the pauses between retries after a process died, until `overload_wait_s` is over."""
        return self._waiting_pauses_s(LONGEST_RECOVERY_PAUSE_S)

    def _waiting_pauses_s(self, longest_s: float) -> Iterator[float]:
        deadline = Deadline(self.overload_wait_s)
        for pause_s in _growing(FIRST_OVERLOAD_PAUSE_S, longest_s):
            if pause_s > deadline.remaining_s():
                return
            yield pause_s


def _growing(first_s: float, longest_s: float) -> Iterator[float]:
    pause_s = first_s
    while True:
        yield pause_s * random.uniform(0.5, 1.0)
        pause_s = min(2 * pause_s, longest_s)
