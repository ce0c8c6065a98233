"""Work is done concurrently, its results come in order."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import aclosing, closing

import pytest
from tritone_client.ordering import AHEAD, in_order, in_order_on_threads


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


def test_work_does_not_run_ahead_without_end():
    begun = []

    async def work(number):
        begun.append(number)

    async def first_only():
        async with aclosing(in_order(work, range(1000), concurrency=1)) as results:
            async for _ in results:
                break
            await asyncio.sleep(0.01)

    asyncio.run(first_only())
    assert len(begun) == AHEAD
    begun.clear()
    with closing(in_order_on_threads(begun.append, range(1000), concurrency=1)) as results:
        next(results)
        time.sleep(0.05)
    assert len(begun) == AHEAD


@pytest.mark.parametrize("concurrency", [1, 3])
def test_threads_keep_the_order_and_the_concurrency(concurrency):
    running, most, lock = 0, 0, threading.Lock()

    def work(number):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02 if number % 5 == 0 else 0.005)
        with lock:
            running -= 1
        return number

    count = 2 * AHEAD * concurrency + 1
    assert list(in_order_on_threads(work, range(count), concurrency)) == list(range(count))
    assert most == concurrency


def test_threads_begin_nothing_more_when_nobody_wants_the_rest():
    begun, gate = [], threading.Event()

    def work(number):
        begun.append(number)
        if number:
            gate.wait(10)

    with closing(in_order_on_threads(work, range(10), concurrency=2)) as results:
        next(results)
        threading.Timer(0.1, gate.set).start()
    assert 0 in begun
    assert len(begun) <= 4


def test_what_threads_raise_reaches_the_one_who_takes_the_results():
    with pytest.raises(ZeroDivisionError):
        list(in_order_on_threads(lambda number: 1 / number, range(3), concurrency=2))
