"""Concurrent work with results in order."""

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
def test_concurrency_is_bounded(concurrency):
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


def test_running_work_is_cancelled_when_the_consumer_stops():
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


def test_work_ahead_of_the_consumer_is_bounded():
    started = []

    async def work(number):
        started.append(number)

    async def first_only():
        async with aclosing(in_order(work, range(1000), concurrency=1)) as results:
            async for _ in results:
                break
            await asyncio.sleep(0.01)

    asyncio.run(first_only())
    assert len(started) == AHEAD
    started.clear()
    with closing(in_order_on_threads(started.append, range(1000), concurrency=1)) as results:
        next(results)
        time.sleep(0.05)
    assert len(started) == AHEAD


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


def test_threads_start_nothing_more_when_the_consumer_stops():
    started, gate = [], threading.Event()

    def work(number):
        started.append(number)
        if number:
            gate.wait(10)

    with closing(in_order_on_threads(work, range(10), concurrency=2)) as results:
        next(results)
        threading.Timer(0.1, gate.set).start()
    assert 0 in started
    assert len(started) <= 4


def test_exceptions_of_threads_reach_the_consumer():
    with pytest.raises(ZeroDivisionError):
        list(in_order_on_threads(lambda number: 1 / number, range(3), concurrency=2))
