import threading
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

from tritone import backpressure as backpressure_module
from tritone.backpressure import Backpressure


def test_no_probe_is_sent_while_few_requests_are_outstanding():
    probes = []
    backpressure = Backpressure(lambda: probes.append(1), ahead=3)
    for _ in range(3):
        backpressure.forward()
    assert not probes
    backpressure.forward()
    assert len(probes) == 1


def test_outstanding_requests_stay_bounded_when_the_next_model_is_slow():
    queue, stopping, most = deque(), Event(), []

    def next_model():
        while not stopping.is_set():
            if queue:
                time.sleep(0.001)
                passed = queue.popleft()
                if passed:
                    passed.set()

    def probe():
        passed = Event()
        queue.append(passed)
        passed.wait()

    backpressure = Backpressure(probe, ahead=4)

    def worker(_):
        queue.append(None)  # a request, answered at once
        most.append(len(queue))
        backpressure.forward()

    model = Thread(target=next_model)
    model.start()
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(worker, range(200)))
    finally:
        stopping.set()
        model.join()
    assert 4 < max(most) <= 4 + 2 * 4 + 1  # ahead, two of each thread, and the probe


def test_a_lost_probe_is_followed_by_another(monkeypatch):
    """As when the next model is killed while it holds the first, and loaded again."""
    monkeypatch.setattr(backpressure_module, "PROBE_LOST_AFTER_S", 0.05)
    probes, never = [], Event()

    def probe():
        probes.append(1)
        if len(probes) == 1:
            never.wait()

    backpressure = Backpressure(probe, ahead=1)
    worker = Thread(target=lambda: [backpressure.forward() for _ in range(4)], daemon=True)
    worker.start()
    worker.join(10)
    assert not worker.is_alive()
    assert len(probes) > 2  # the lost one, the one after it, and one for the fourth request
    never.set()


def test_a_failed_probe_blocks_nothing(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def fail():
        raise RuntimeError("no such model")

    backpressure = Backpressure(fail, ahead=1)
    for _ in range(3):
        backpressure.forward()
