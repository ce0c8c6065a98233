"""Many requests at once, answers in the order of the questions.

Work runs ahead of whoever takes the results, but not without end: the answers that wait fit into memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 16  # items begun and not yet taken, times the concurrency


async def in_order(
    work: Callable[[Item], Awaitable[Result]], items: Iterable[Item], concurrency: int
) -> AsyncGenerator[Result, None]:
    """Run `work` for all items, at most `concurrency` at a time; yield the results in the order of items."""
    gate = asyncio.Semaphore(concurrency)
    begun: deque[asyncio.Task[Result]] = deque()

    async def gated(item: Item) -> Result:
        async with gate:
            return await work(item)

    try:
        for item in items:
            begun.append(asyncio.create_task(gated(item)))
            if len(begun) >= AHEAD * concurrency:
                yield await begun.popleft()
        while begun:
            yield await begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


def in_order_on_threads(
    work: Callable[[Item], Result], items: Iterable[Item], concurrency: int
) -> Generator[Result, None, None]:
    """Run `work` for all items on `concurrency` threads; yield the results in the order of items.

    What runs is finished when nobody wants the rest: a thread cannot be interrupted.
    """
    begun: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="tritone") as threads:
        try:
            for item in items:
                begun.append(threads.submit(work, item))
                if len(begun) >= AHEAD * concurrency:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
