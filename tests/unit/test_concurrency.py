import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import pytest

from tritone import concurrency
from tritone.concurrency import Handover, map_ahead


@pytest.mark.parametrize("ahead", [1, 2, 7, 100])
def test_results_come_in_order(ahead):
    with ThreadPoolExecutor(4) as threads:
        assert list(map_ahead(threads, ahead, lambda x: x * x, range(50))) == [x * x for x in range(50)]


def test_no_more_than_the_limit_is_taken_ahead():
    taken, lock, largest, returned = 0, threading.Lock(), 0, 0

    def items():
        nonlocal taken, largest
        for index in range(40):
            with lock:
                taken += 1
                largest = max(largest, taken - returned)
            yield index

    with ThreadPoolExecutor(8) as threads:
        for _ in map_ahead(threads, 3, lambda x: x, items()):
            returned += 1
    assert largest <= 4  # three at work and the one just drawn


def test_a_single_item_wakes_no_thread():
    with ThreadPoolExecutor(1) as threads:
        assert list(map_ahead(threads, 4, lambda _: threading.current_thread(), [0])) == [
            threading.current_thread()
        ]


def test_an_error_reaches_the_caller():
    def fail(x):
        raise ValueError(x)

    with ThreadPoolExecutor(2) as threads, pytest.raises(ValueError, match="0"):
        list(map_ahead(threads, 2, fail, range(5)))


def test_requests_are_handed_on_without_a_look_while_they_are_few():
    looks = []
    handover = Handover(lambda: looks.append(1), ahead=3)
    for _ in range(3):
        handover.hand_on()
    assert not looks
    handover.hand_on()
    assert len(looks) == 1


def test_what_is_handed_on_and_not_begun_stays_bounded_when_the_next_model_is_slow():
    queue, begun, most = deque(), Event(), []

    def next_model():
        while not begun.is_set():
            if queue:
                time.sleep(0.001)
                passed = queue.popleft()
                if passed:
                    passed.set()

    def reach():
        passed = Event()
        queue.append(passed)
        passed.wait()

    handover = Handover(reach, ahead=4)

    def work(_):
        queue.append(None)  # a request, answered at once
        most.append(len(queue))
        handover.hand_on()

    model = Thread(target=next_model)
    model.start()
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(work, range(200)))
    finally:
        begun.set()
        model.join()
    assert 4 < max(most) <= 4 + 2 * 4 + 1  # ahead, two of each thread, and one that only looks


def test_a_look_that_never_returns_is_followed_by_another(monkeypatch):
    """As when the next model is killed while it holds the first, and is loaded anew."""
    monkeypatch.setattr(concurrency, "LOST_AFTER_S", 0.05)
    looks, never = [], Event()

    def reach():
        looks.append(1)
        if len(looks) == 1:
            never.wait()

    handover = Handover(reach, ahead=1)
    worker = Thread(target=lambda: [handover.hand_on() for _ in range(4)], daemon=True)
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert len(looks) > 2  # the lost one, the one after it, and one for the fourth request
    never.set()


def test_a_look_that_fails_holds_up_nobody(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fail():
        raise RuntimeError("no such model")

    handover = Handover(fail, ahead=1)
    for _ in range(3):
        handover.hand_on()
