"""Streams of requests: their order, their places, their ends."""

import json
import queue
import threading
import time

import numpy as np
import pytest
import triton_python_backend_utils as pb_utils

from tritone.errors import TextError
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.requests import Interface
from tritone.python_backend.streams import StreamThreads
from tritone.request_parameters import Integer

START, END = 1, 2
INTERFACE = Interface(["x"], [Integer("seed", 0, 9, None)])


@pytest.fixture(autouse=True)
def sequence_flags(monkeypatch):
    monkeypatch.setattr(pb_utils, "TRITONSERVER_REQUEST_FLAG_SEQUENCE_START", START, raising=False)
    monkeypatch.setattr(pb_utils, "TRITONSERVER_REQUEST_FLAG_SEQUENCE_END", END, raising=False)


class Request:
    """A piece; all its responses go into a queue, None stands for the final flag."""

    def __init__(self, x, key=0, flags=0, *, timeout_us=0, parameters="{}"):
        self.tensors = {"x": pb_utils.Tensor("x", np.array([[x]]))}
        self.responses = queue.Queue()
        self.cancelled = self.final = False
        self._key, self._flags, self._timeout_us, self._parameters = key, flags, timeout_us, parameters

    def correlation_id(self):
        return self._key

    def flags(self):
        return self._flags

    def parameters(self):
        return self._parameters

    def timeout(self):
        return self._timeout_us

    def get_response_sender(self):
        return self

    def requested_output_names(self):
        return ["y"]

    def is_cancelled(self):
        assert not self.final, "asked after the final response: tritonserver would read freed memory"
        return self.cancelled

    def send(self, response=None, flags=0):
        assert not self.final
        self.final = bool(flags)
        if response is not None:
            failed = response.error is not None
            self.responses.put(response.error.message() if failed else response.tensors["y"].item())
        if self.final:
            self.responses.put(None)

    def answers(self):
        """All responses up to the final flag."""
        return list(iter(lambda: self.responses.get(timeout=5), None))


class Echo:
    """Answers every number n with 0 to n - 1; a negative one is an error. Waits where it is told to."""

    def __init__(self):
        self.opened, self.streams = threading.Event(), []
        self.opened.set()

    def __call__(self, stream):
        seen = []
        self.streams.append(seen)
        for piece in stream:
            number = int(piece.request.inputs["x"][0, 0])
            seen.append(number)
            if number < 0:
                raise TextError("x: expected a positive number.")
            for value in range(number):
                assert self.opened.wait(5)
                piece.request.require_client()
                piece.sender.send_part(pb_utils.InferenceResponse([pb_utils.Tensor("y", np.array(value))]))
            piece.sender.finish()


@pytest.fixture
def echo():
    return Echo()


@pytest.fixture
def threads(echo):
    made = []

    def make(**values):
        values = {
            **{"requests_in_flight": 2, "queue_requests": 2, "queue_timeout_s": 5},
            **{"idle_timeout_s": 5, "waiting_pieces": 3},
            **values,
        }
        entries = {name: {"string_value": str(value)} for name, value in values.items()}
        arguments = {"model_name": "echo", "model_config": json.dumps({"parameters": entries})}
        made.append(StreamThreads(INTERFACE, echo, Parameters(arguments)))
        return made[-1]

    yield make
    for each in made:
        each.close()


def sent(threads, *requests):
    threads.execute(requests)
    return requests


def test_a_request_without_an_id_is_a_stream_of_its_own(threads, echo):
    one, other = sent(threads(), Request(3), Request(0))
    assert (one.answers(), other.answers()) == ([0, 1, 2], [])
    assert sorted(echo.streams) == [[0], [3]]


@pytest.mark.parametrize("key", [7, "seven"])
def test_pieces_are_served_in_order_by_one_thread(threads, echo, key):
    middle = [Request(2, key) for _ in range(5)]
    pieces = sent(threads(waiting_pieces=9), Request(1, key, START), *middle, Request(0, key, END))
    assert [piece.answers() for piece in pieces] == [[0], *[[0, 1]] * 5, []]
    assert echo.streams == [[1, 2, 2, 2, 2, 2, 0]]


def test_an_id_is_free_again_after_its_end(threads, echo):
    served = threads()
    for _ in range(3):
        (piece,) = sent(served, Request(1, 7, START | END))
        assert piece.answers() == [0]
    assert len(echo.streams) == 3


@pytest.mark.parametrize("flags", [0, END])
def test_a_piece_without_a_stream_is_refused(threads, flags):
    (piece,) = sent(threads(), Request(1, 7, flags))
    (error,) = piece.answers()
    assert "got a request without START" in error


def test_a_second_start_is_refused_and_the_first_stream_goes_on(threads):
    served = threads()
    first, second, last = sent(served, Request(1, 7, START), Request(1, 7, START), Request(2, 7, END))
    assert "got START for a sequence that has not ended" in second.answers()[0]
    assert (first.answers(), last.answers()) == ([0], [0, 1])


def test_an_error_ends_the_stream_and_answers_what_waits(threads, echo):
    served = threads()
    echo.opened.clear()
    first, bad, waiting = sent(served, Request(1, 7, START), Request(-1, 7), Request(1, 7))
    (other,) = sent(served, Request(2, 8, START | END))
    echo.opened.set()
    assert first.answers() == [0]
    assert bad.answers() == waiting.answers() == ["x: expected a positive number."]
    assert other.answers() == [0, 1]
    (late,) = sent(served, Request(1, 7))
    assert "failed" in late.answers()[0]


def test_a_refused_parameter_opens_no_stream(threads):
    served = threads()
    bad, late = sent(served, Request(1, 7, START, parameters='{"seed": 10}'), Request(1, 7))
    assert "parameter seed" in bad.answers()[0]
    assert "without START" in late.answers()[0]


def test_an_idle_stream_is_ended_and_frees_its_place(threads):
    served = threads(idle_timeout_s=0.2, requests_in_flight=1)
    first, waiting = sent(served, Request(1, 7, START), Request(1, 8, START | END))
    assert first.answers() == [0]
    assert waiting.answers() == [0]
    (late,) = sent(served, Request(1, 7))
    assert "was idle for 0.2 s" in late.answers()[0]


def test_streams_beyond_the_places_are_refused_and_their_pieces_too(threads, echo):
    echo.opened.clear()
    served = threads()
    working = [*sent(served, Request(1, 1, START | END), Request(1, 2, START | END))]
    deadline = time.monotonic() + 5
    while len(echo.streams) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    waiting = sent(served, Request(1, 3, START), Request(1, 4, START | END), Request(1, 3, END))
    refused = sent(served, Request(1, 5, START), Request(1, 5))
    assert "expected at most 2 waiting requests" in refused[0].answers()[0]
    assert "without START" in refused[1].answers()[0]
    echo.opened.set()
    assert [piece.answers() for piece in (*working, *waiting)] == [[0]] * 5


def test_a_stream_that_waits_too_long_is_refused_with_all_its_pieces(threads, echo):
    echo.opened.clear()
    served = threads(requests_in_flight=1)
    sent(served, Request(1))
    late = sent(served, Request(1, 7, START, timeout_us=200_000), Request(1, 7))
    assert all("not started within 0.2 s" in piece.answers()[0] for piece in late)
    echo.opened.set()


def test_pieces_beyond_the_limit_are_refused(threads, echo):
    echo.opened.clear()
    served = threads(waiting_pieces=2)
    (first,) = sent(served, Request(1, 7, START))
    deadline = time.monotonic() + 5
    while not echo.streams:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.05)
    *taken, refused = sent(served, *(Request(1, 7) for _ in range(3)))
    assert "expected at most 2 waiting pieces" in refused.answers()[0]
    echo.opened.set()
    assert [piece.answers() for piece in (first, *taken)] == [[0]] * 3


def test_a_cancelled_piece_ends_its_stream(threads, echo):
    echo.opened.clear()
    served = threads()
    first, second = sent(served, Request(5, 7, START), Request(1, 7))
    first.cancelled = True
    echo.opened.set()
    assert "cancelled" in first.answers()[-1]
    assert "cancelled" in second.answers()[0]


def test_closing_ends_streams_that_wait_for_their_next_piece(threads):
    served = threads()
    (first,) = sent(served, Request(1, 7, START))
    assert first.answers() == [0]
    started = time.monotonic()
    served.close()
    assert time.monotonic() - started < 1
    (late,) = sent(served, Request(1, 8, START))
    assert "being unloaded" in late.answers()[0]
