"""Process items ahead of their consumer, a bounded number at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from functools import partial
from itertools import chain, islice
from typing import Any, TypeVar

from numpy.typing import NDArray

Item = TypeVar("Item")
Result = TypeVar("Result")
OrderedMap = Callable[..., Iterable[Any]]  # like `map`
Network = Callable[..., Sequence[NDArray[Any]]]  # arrays in, arrays out, batch dimension first
Bind = Callable[[str, Sequence[str], Sequence[str]], Network]  # model, input names, output names


def map_ahead(
    executor: Executor, ahead: int, function: Callable[[Item], Result], items: Iterable[Item]
) -> Iterator[Result]:
    """Yield function(item) in order, with at most `ahead` items in progress.

    `Executor.map` would submit all items at once and keep every input and result in memory. A single item is
    processed in the calling thread: it has nothing to overlap with, and waking a thread costs time.
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
    """Return `map_ahead` with a thread pool for `requests` concurrent requests of `items` items each."""
    return partial(map_ahead, ThreadPoolExecutor(requests * items), items)
