import threading
from itertools import count

import pytest

from perf.instruments.closed_loop import Round, Timing, drive


def test_answers_come_in_the_order_of_the_requests():
    made = drive([lambda request: request * 2] * 3, list(range(50)))
    assert made.answers == [2 * number for number in range(50)]
    assert len(made.latencies_s) == 50


def test_as_many_requests_are_in_flight_as_there_are_clients():
    together = threading.Barrier(4)  # raises unless four requests wait at once
    assert drive([lambda request: together.wait(10)] * 4, list(range(8))).answers


def test_a_latency_is_the_time_of_its_own_request():
    ticks = count()
    made = drive([lambda request: None], ["a", "b"], clock=lambda: next(ticks))
    assert made.latencies_s == [1, 1]
    assert made.duration_s == 5


def test_an_error_of_one_client_stops_all():
    sent = []

    def send(request):
        sent.append(request)
        if request == 3:
            raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        drive([send] * 2, list(range(1000)))
    assert len(sent) < 1000


def test_timing_takes_medians_of_rounds_and_percentiles_of_requests():
    timing = Timing()
    for seconds in (1.0, 2.0, 4.0):
        timing.add(Round(["x"] * 2, [0.1, 0.1 * seconds], seconds), amount=8.0)
    assert timing.amount_per_s == 4.0
    assert timing.request_rate == 1.0
    assert timing.percentile_ms(50) == pytest.approx(100)
    assert timing.percentile_ms(100) == pytest.approx(400)
