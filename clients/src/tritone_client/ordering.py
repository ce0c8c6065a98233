"""Concurrent requests with results in the order of the inputs.

Work runs ahead of the consumer by a bounded number of items, so that waiting results fit into memory.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 16  # items started and not yet taken, times the concurrency


async def in_order(
    work: Callable[[Item], Awaitable[Result]], items: Iterable[Item], concurrency: int
) -> AsyncGenerator[Result, None]:
    """Run `work` for all items, at most `concurrency` at a time; yield the results in the order of items."""
    gate = asyncio.Semaphore(concurrency)
    started: deque[asyncio.Task[Result]] = deque()

    async def gated(item: Item) -> Result:
        async with gate:
            return await work(item)

    try:
        for item in items:
            started.append(asyncio.create_task(gated(item)))
            if len(started) >= AHEAD * concurrency:
                yield await started.popleft()
        while started:
            yield await started.popleft()
    finally:
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


def in_order_on_threads(
    work: Callable[[Item], Result], items: Iterable[Item], concurrency: int
) -> Generator[Result, None, None]:
    """Run `work` for all items on `concurrency` threads; yield the results in the order of items.

    Running work finishes even when the consumer stops early: a thread cannot be interrupted.
    """
    started: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="tritone") as threads:
        try:
            for item in items:
                started.append(threads.submit(work, item))
                if len(started) >= AHEAD * concurrency:
                    yield started.popleft().result()
            while started:
                yield started.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
