"""A map that works ahead by a bounded number of items."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from itertools import chain, islice
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


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
