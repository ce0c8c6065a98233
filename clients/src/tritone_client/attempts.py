"""How long to keep trying: one deadline for a whole request, growing pauses between its attempts."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0


@dataclass(frozen=True)
class Deadline:
    """A point in time that all attempts of one request share."""

    timeout_s: float  #: seconds from now
    started_s: float = field(default_factory=time.monotonic)

    def remaining_s(self) -> float:
        """Return the seconds left, 0 when it has passed."""
        return max(0.0, self.started_s + self.timeout_s - time.monotonic())


@dataclass(frozen=True)
class Patience:
    """How long and how often a request is tried."""

    timeout_s: float  #: seconds for a request, all its attempts and pauses together
    retries: int  #: further attempts after the first one found the server unavailable

    def __post_init__(self) -> None:
        if not self.timeout_s > 0:
            raise ValueError(f"timeout_s: expected more than 0 seconds, got {self.timeout_s}.")
        if self.retries < 0:
            raise ValueError(f"retries: expected 0 or more, got {self.retries}.")

    def pauses_s(self) -> Iterator[float]:
        """Yield the pause before each retry: doubling, and random by half so that clients spread out."""
        for attempt in range(self.retries):
            longest_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2**attempt)
            yield longest_s * random.uniform(0.5, 1.0)
