"""How many requests a key may make in a minute, and at a time, in one process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tritone_gateway.errors import RateLimitError

_MINUTE_S = 60.0
_RETRY_S = 1  # by when one of a key's running requests may have ended


@dataclass
class _Usage:
    """What a key has used."""

    left: float  #: requests that may begin now
    at: float  #: when that was counted
    running: int = 0


class Rates:
    """Counts the requests of each key.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._usage: dict[str, _Usage] = {}

    @contextmanager
    def request(self, key_id: str, per_minute: int | None, at_a_time: int | None) -> Iterator[None]:
        """Count a request while the block runs.

        A minute's requests may come at once; after that they come as evenly as they are allowed.

        Raises:
            RateLimitError: it is one too many; says when the next one may come.
        """
        usage = self._usage.setdefault(key_id, _Usage(float(per_minute or 0), self._clock()))
        if at_a_time is not None and usage.running >= at_a_time:
            raise RateLimitError(
                f"This key: at most {at_a_time} requests at a time; wait until one has ended.",
                retry_after_s=_RETRY_S,
            )
        if per_minute is not None:
            self._take(usage, per_minute)
        usage.running += 1
        try:
            yield
        finally:
            usage.running -= 1

    def _take(self, usage: _Usage, per_minute: int) -> None:
        now = self._clock()
        usage.left = min(float(per_minute), usage.left + (now - usage.at) * per_minute / _MINUTE_S)
        usage.at = now
        if usage.left < 1:
            wait_s = (1 - usage.left) * _MINUTE_S / per_minute
            raise RateLimitError(
                f"This key: at most {per_minute} requests per minute; wait {math.ceil(wait_s)} s.",
                retry_after_s=math.ceil(wait_s),
            )
        usage.left -= 1
