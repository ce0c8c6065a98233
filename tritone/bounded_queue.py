"""A first-in, first-out queue bounded in length and in waiting time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from typing import Generic, TypeVar

from .errors import RETRY_LATER, OverloadError

Item = TypeVar("Item")


@dataclass(frozen=True)
class QueueLimits:
    """How many requests may wait, and how long."""

    length: int  # waiting requests, not counting those being processed
    timeout_s: float  # longest wait of one request, seconds


class BoundedQueue(Generic[Item]):
    """Requests waiting for a fixed number of workers.

    Args:
        workers: number of threads that call `get`, each when it is idle.
        limits: None lets any number of requests wait without a timeout.
        on_timeout: called in the queue's own thread with a request that has waited too long, and the error.
    """

    def __init__(
        self, workers: int, limits: QueueLimits | None, on_timeout: Callable[[Item, OverloadError], None]
    ) -> None:
        self._workers = workers
        self._limits = limits
        self._on_timeout = on_timeout
        self._entries: deque[tuple[float, float, Item]] = deque()  # enqueued, deadline (monotonic s), item
        self._idle = 0  # workers
        self._closed = False
        self._changed = Condition()
        if limits:
            Thread(target=self._expire, daemon=True).start()

    def __len__(self) -> int:
        """Return the number of waiting requests."""
        return len(self._entries)

    def require_space(self) -> None:
        """Raise OverloadError if the queue is full; call it before building an expensive item."""
        with self._changed:
            if self._limits and len(self) >= self._limits.length + self._idle:
                raise OverloadError(
                    f"expected at most {self._limits.length} waiting requests while {self._workers} are "
                    f"processed, got one more; reduce the concurrency, or {RETRY_LATER}"
                )

    def put(self, item: Item, timeout_s: float = 0.0) -> None:
        """Add an item.

        Args:
            item: the request.
            timeout_s: longest wait of this request, used if it is shorter than the queue's; 0 means no
                per-request timeout.

        Raises:
            OverloadError: the queue is full or closed.
        """
        with self._changed:
            if self._closed:
                raise OverloadError("expected a loaded model, got one that is being unloaded; retry.")
            self.require_space()
            limits, now = self._limits, time.monotonic()
            longest_s = min(timeout_s or limits.timeout_s, limits.timeout_s) if limits else float("inf")
            self._entries.append((now, now + longest_s, item))
            self._changed.notify_all()

    def get(self) -> Item | None:
        """Wait for an item and return the oldest one; None once the queue is closed and empty."""
        with self._changed:
            self._idle += 1
            try:
                while not self._entries:
                    if self._closed:
                        return None
                    self._changed.wait()
                return self._entries.popleft()[2]
            finally:
                self._idle -= 1

    def close(self) -> None:
        """Accept no further items; those already waiting are still returned by `get`."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _expire(self) -> None:
        while True:
            with self._changed:
                now = time.monotonic()
                expired = [entry for entry in self._entries if entry[1] <= now]
                for entry in expired:
                    self._entries.remove(entry)
                if not expired:
                    if self._closed:
                        return
                    deadline = min((entry[1] for entry in self._entries), default=None)
                    self._changed.wait(None if deadline is None else deadline - now)
            for enqueued, deadline, item in expired:
                self._on_timeout(
                    item,
                    OverloadError(
                        f"not started within {deadline - enqueued:.3g} s: all workers are busy; reduce the "
                        f"concurrency, or {RETRY_LATER}"
                    ),
                )
