"""Working ahead, by a bounded number of items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from itertools import chain, islice
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from numpy.typing import NDArray

Item = TypeVar("Item")
Result = TypeVar("Result")
OrderedMap = Callable[..., Iterable[Any]]  # like `map`
Network = Callable[..., Sequence[NDArray[Any]]]  # arrays in, arrays out, batch dimension first
Bind = Callable[[str, Sequence[str], Sequence[str]], Network]  # a model, its inputs, the outputs wanted

LOST_AFTER_S = 5.0  # a look that has not returned may never do so; twice as long for each further one


def map_ahead(
    executor: Executor, ahead: int, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield function(item) in order, with at most `ahead` items in work.

    `Executor.map` would submit everything at once, and with it hold every input and result in memory.
    A single item is computed here: there is nothing to overlap it with, and waking a thread costs time.
    """
    pending: deque[Future[Result]] = deque()
    remaining = iter(items)
    first = list(islice(remaining, 2))
    if len(first) == 1:
        yield function(first[0])
        return
    try:
        for item in chain(first, remaining):
            pending.append(executor.submit(function, item))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for future in pending:
            future.cancel()


def work_ahead(requests: int, items: int) -> OrderedMap:
    """Return `map_ahead` in threads of its own: `items` at work of each of so many requests."""
    return partial(map_ahead, ThreadPoolExecutor(requests * items), items)


class Handover:
    """Holds back a model that works faster than the one behind it.

    Requests that were handed on wait in the next model's queue, which must not turn them away. So they may
    only be so many: before more is handed on, something is sent after them, and its return shows that they
    have been begun. When the next model is killed, what it had taken never returns: something else is then
    sent after it, and the first of them to return counts.

    Args:
        reach: goes through the next model's queue and returns; it may fail.
        ahead: requests that may be handed on without a look at the next model.
    """

    def __init__(self, reach: Callable[[], None], ahead: int) -> None:
        self._reach = reach
        self._ahead = ahead
        self._counting, self._reaching = Lock(), Lock()
        self._handed_on = 0  # requests, ever
        self._begun = 0  # of them, as far as is known

    def hand_on(self) -> None:
        """Count one request as handed on; return when the next model has begun enough of those before."""
        with self._counting:
            self._handed_on += 1
        while self._handed_on - self._begun > self._ahead:
            with self._reaching:
                # Whoever waited here for another thread's look may find it done.
                if self._handed_on - self._begun > self._ahead:
                    handed_on = self._handed_on
                    self._look()
                    self._begun = handed_on

    def _look(self) -> None:
        returned, patience_s = Event(), LOST_AFTER_S

        def reach() -> None:
            try:
                self._reach()
            finally:
                returned.set()

        while True:
            Thread(target=reach, name="look", daemon=True).start()
            if returned.wait(patience_s):
                return
            patience_s *= 2
