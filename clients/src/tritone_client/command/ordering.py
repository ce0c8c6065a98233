"""Many requests at once, answers in the order of the questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def in_order(
    work: Callable[[Item], Awaitable[Result]], items: Iterable[Item], concurrency: int
) -> AsyncGenerator[Result, None]:
    """Run `work` for all items, at most `concurrency` at a time; yield the results in the order of items."""
    gate = asyncio.Semaphore(concurrency)

    async def gated(item: Item) -> Result:
        async with gate:
            return await work(item)

    tasks = [asyncio.create_task(gated(item)) for item in items]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
