"""A waiting room: first come, first served, bounded in places and in time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Generic, TypeVar

from .errors import OverloadError

Item = TypeVar("Item")


@dataclass(frozen=True)
class Bounds:
    """How much may wait, and how long."""

    places: int  # items that wait, besides those at work
    timeout_s: float  # seconds that one waits at most


class WaitingRoom(Generic[Item]):
    """What waits for a fixed number of workers.

    Args:
        workers: those that call `next`, each when it has nothing to do.
        bounds: None lets anything wait as long as it takes.
        turn_away: called, in a thread of the room's own, with what has waited too long and the reason.
    """

    def __init__(
        self, workers: int, bounds: Bounds | None, turn_away: Callable[[Item, OverloadError], None]
    ) -> None:
        self._workers = workers
        self._bounds = bounds
        self._turn_away = turn_away
        self._waiting: deque[tuple[float, float, Item]] = deque()  # entered and until when, monotonic seconds
        self._idle = 0  # workers
        self._closed = False
        self._changed = Condition()
        if bounds:
            Thread(target=self._watch, daemon=True).start()

    @property
    def waiting(self) -> int:
        """Items that wait now."""
        return len(self._waiting)

    def require_place(self) -> None:
        """Raise OverloadError where no place is free: before an item is made that is dear."""
        with self._changed:
            if self._bounds and len(self._waiting) >= self._bounds.places + self._idle:
                raise OverloadError(
                    f"expected at most {self._bounds.places} requests that wait behind the {self._workers} "
                    "at work, got another; send fewer at a time, or this one again later."
                )

    def enter(self, item: Item, timeout_s: float = 0.0) -> None:
        """Wait for a worker.

        Args:
            item: what waits.
            timeout_s: seconds that it may wait, where that is less than the bound; 0 for no wish of its own.

        Raises:
            OverloadError: no place is free, or the room is closed.
        """
        with self._changed:
            if self._closed:
                raise OverloadError(
                    "expected a model in service, got one that is being unloaded; send this request again."
                )
            self.require_place()
            bounds, now = self._bounds, time.monotonic()
            longest_s = min(timeout_s or bounds.timeout_s, bounds.timeout_s) if bounds else float("inf")
            self._waiting.append((now, now + longest_s, item))
            self._changed.notify_all()

    def next(self) -> Item | None:
        """Return what has waited longest, as soon as there is something; None when the room is closed."""
        with self._changed:
            self._idle += 1
            try:
                while not self._waiting:
                    if self._closed:
                        return None
                    self._changed.wait()
                return self._waiting.popleft()[2]
            finally:
                self._idle -= 1

    def close(self) -> None:
        """Let nobody wait any more; what waits already still gets its turn."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _watch(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                late = [entry for entry in self._waiting if entry[1] <= now]
                for entry in late:
                    self._waiting.remove(entry)
                if not late:
                    if self._closed:
                        return
                    next_s = min((entry[1] for entry in self._waiting), default=None)
                    self._changed.wait(None if next_s is None else next_s - now)
            for entered, until, item in late:
                self._turn_away(
                    item,
                    OverloadError(
                        f"expected the request to be begun within {until - entered:.3g} s, it still waits "
                        "behind others; send fewer at a time, or this one again later."
                    ),
                )
