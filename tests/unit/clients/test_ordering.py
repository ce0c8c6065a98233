"""Work is done concurrently, its results come in order."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest
from tritone_client.command.ordering import in_order


def test_results_come_in_order_as_soon_as_those_before_are_out():
    async def main():
        gates = [asyncio.Event() for _ in range(3)]
        results = []

        async def work(number):
            await gates[number].wait()
            return number

        async def collect():
            async for result in in_order(work, range(3), concurrency=3):
                results.append(result)

        collecting = asyncio.create_task(collect())
        gates[1].set()
        await asyncio.sleep(0.01)
        assert results == []
        gates[0].set()
        await asyncio.sleep(0.01)
        assert results == [0, 1]
        gates[2].set()
        await collecting
        assert results == [0, 1, 2]

    asyncio.run(main())


@pytest.mark.parametrize("concurrency", [1, 3])
def test_at_most_so_many_run_at_once(concurrency):
    async def main():
        running, most = 0, 0

        async def work(_):
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.001)
            running -= 1

        async for _ in in_order(work, range(20), concurrency):
            pass
        return most

    assert asyncio.run(main()) == concurrency


def test_what_still_runs_is_cancelled_when_nobody_wants_the_rest():
    async def main():
        cancelled = []

        async def work(number):
            try:
                await asyncio.sleep(0 if number == 0 else 60)
            except asyncio.CancelledError:
                cancelled.append(number)
                raise

        async with aclosing(in_order(work, range(3), concurrency=3)) as results:
            async for _ in results:
                break
        return cancelled

    assert asyncio.run(main()) == [1, 2]
