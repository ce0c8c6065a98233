import threading
import time

import pytest

from tritone.errors import OverloadError
from tritone.waiting import Bounds, WaitingRoom


def room(workers=1, bounds=None):
    turned_away = []
    return WaitingRoom(
        workers, bounds, lambda item, error: turned_away.append((item, str(error)))
    ), turned_away


def wait_until(condition):
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_first_come_is_first_served():
    waiting, _ = room()
    for item in range(5):
        waiting.enter(item)
    assert [waiting.next() for _ in range(5)] == list(range(5))


def test_what_finds_all_places_taken_is_refused_and_those_that_wait_are_not():
    waiting, turned_away = room(3, Bounds(places=2, timeout_s=60))
    waiting.enter("first")
    waiting.enter("second")
    with pytest.raises(OverloadError, match="at most 2 requests that wait behind the 3 at work"):
        waiting.enter("third")
    assert [waiting.next(), waiting.next()] == ["first", "second"]
    assert not turned_away
    waiting.enter("fourth")
    assert waiting.next() == "fourth"


def test_idle_workers_count_as_places():
    waiting, _ = room(2, Bounds(places=1, timeout_s=60))
    served = []
    workers = [threading.Thread(target=lambda: served.append(waiting.next())) for _ in range(2)]
    for worker in workers:
        worker.start()
    wait_until(lambda: waiting._idle == 2)
    with waiting._changed:  # both are idle, and nobody can be served between the entries
        for item in range(3):
            waiting.enter(item)
        with pytest.raises(OverloadError):
            waiting.enter(3)
    for worker in workers:
        worker.join()
    assert sorted(served) == [0, 1]


@pytest.mark.parametrize(("bound_s", "wish_s"), [(0.05, 0.0), (60, 0.05), (0.05, 60)])
def test_what_waits_too_long_is_turned_away_while_all_workers_are_busy(bound_s, wish_s):
    waiting, turned_away = room(1, Bounds(places=4, timeout_s=bound_s))
    waiting.enter("late", wish_s)
    wait_until(lambda: turned_away)
    ((item, message),) = turned_away
    assert item == "late"
    assert "begun within 0.05 s" in message
    assert waiting.waiting == 0


def test_only_the_late_are_turned_away():
    waiting, turned_away = room(1, Bounds(places=4, timeout_s=60))
    for item, wish_s in (("patient", 0), ("hasty", 0.02), ("steady", 30)):
        waiting.enter(item, wish_s)
    wait_until(lambda: turned_away)
    assert [item for item, _ in turned_away] == ["hasty"]
    assert [waiting.next(), waiting.next()] == ["patient", "steady"]


def test_without_bounds_anything_waits():
    waiting, _ = room(1)
    for item in range(1000):
        waiting.enter(item, timeout_s=1e-6)
    assert waiting.waiting == 1000


def test_what_waits_when_the_room_closes_still_gets_its_turn():
    waiting, _ = room(1, Bounds(places=4, timeout_s=60))
    waiting.enter("last")
    waiting.close()
    assert [waiting.next(), waiting.next()] == ["last", None]
