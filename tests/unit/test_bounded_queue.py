import threading
import time

import pytest

from tritone.bounded_queue import BoundedQueue, QueueLimits
from tritone.errors import OverloadError


def make_queue(workers=1, limits=None):
    expired = []
    return BoundedQueue(workers, limits, lambda item, error: expired.append((item, str(error)))), expired


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_first_come_is_first_served():
    queue, _ = make_queue()
    for item in range(5):
        queue.put(item)
    assert [queue.get() for _ in range(5)] == list(range(5))


def test_a_full_queue_rejects_new_requests_and_keeps_waiting_ones():
    queue, expired = make_queue(3, QueueLimits(length=2, timeout_s=60))
    queue.put("first")
    queue.put("second")
    with pytest.raises(OverloadError, match="at most 2 waiting requests while 3 are processed"):
        queue.put("third")
    assert [queue.get(), queue.get()] == ["first", "second"]
    assert not expired
    queue.put("fourth")
    assert queue.get() == "fourth"


def test_idle_workers_count_as_queue_space():
    queue, _ = make_queue(2, QueueLimits(length=1, timeout_s=60))
    served = []
    workers = [threading.Thread(target=lambda: served.append(queue.get())) for _ in range(2)]
    for worker in workers:
        worker.start()
    wait_until(lambda: queue._idle == 2)
    with queue._changed:  # both are idle, and none can take an item between the calls
        for item in range(3):
            queue.put(item)
        with pytest.raises(OverloadError):
            queue.put(3)
    for worker in workers:
        worker.join()
    assert sorted(served) == [0, 1]


@pytest.mark.parametrize(("limit_s", "timeout_s"), [(0.05, 0.0), (60, 0.05), (0.05, 60)])
def test_a_request_expires_while_all_workers_are_busy(limit_s, timeout_s):
    queue, expired = make_queue(1, QueueLimits(length=4, timeout_s=limit_s))
    queue.put("late", timeout_s)
    wait_until(lambda: expired)
    ((item, message),) = expired
    assert item == "late"
    assert "not started within 0.05 s" in message
    assert len(queue) == 0


def test_only_late_requests_expire():
    queue, expired = make_queue(1, QueueLimits(length=4, timeout_s=60))
    for item, timeout_s in (("patient", 0), ("hasty", 0.02), ("steady", 30)):
        queue.put(item, timeout_s)
    wait_until(lambda: expired)
    assert [item for item, _ in expired] == ["hasty"]
    assert [queue.get(), queue.get()] == ["patient", "steady"]


def test_without_limits_any_number_waits():
    queue, _ = make_queue(1)
    for item in range(1000):
        queue.put(item, timeout_s=1e-6)
    assert len(queue) == 1000


def test_requests_that_wait_when_the_queue_closes_are_still_served():
    queue, _ = make_queue(1, QueueLimits(length=4, timeout_s=60))
    queue.put("last")
    queue.close()
    assert [queue.get(), queue.get()] == ["last", None]
