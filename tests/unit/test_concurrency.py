import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tritone.concurrency import map_ahead


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
    assert largest <= 4  # three in progress and the one just drawn


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
