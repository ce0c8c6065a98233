import json
import threading

import numpy as np
import pytest
import triton_python_backend_utils as pb_utils

from tritone.errors import TextError
from tritone.python_backend.calls import CallError
from tritone.python_backend.configuration import Parameters
from tritone.python_backend.requests import Interface
from tritone.python_backend.responses import ResponseSender, pad_rows, respond, text_column
from tritone.python_backend.threads import RequestThreads
from tritone.request_parameters import LARGEST_INTEGER, Integer

SEED = Integer("seed", 0, LARGEST_INTEGER, None)
INTERFACE = Interface(["x"], [SEED])


def double(request):
    """Double the number; -1 breaks the contract, -2 is an internal fault, -3 an error of a called model."""
    (number,) = request.inputs["x"][:, 0].tolist()
    if number == -1:
        raise TextError("x: expected a positive number, got -1; send one.")
    if number == -2:
        raise KeyError("/secret/path")
    if number == -3:
        raise CallError(pb_utils.TritonError("asr_quartznet: no", pb_utils.TritonError.UNAVAILABLE))
    return [pb_utils.Tensor("y", np.array([2 * number]))]


def parameters(**values):
    entries = {name: {"string_value": str(value)} for name, value in values.items()}
    return Parameters({"model_name": "doubler", "model_config": json.dumps({"parameters": entries})})


@pytest.fixture
def threads():
    """Make RequestThreads over `double`, or another function of a request."""
    made = []

    def make(compute=None, **values):
        values = {"requests_in_flight": 2} | values
        made.append(RequestThreads(INTERFACE, compute or double, parameters(**values)))
        return made[-1]

    yield make
    for each in made:
        each.close()


class Gate:
    """Doubles the number of a request once it is opened."""

    def __init__(self):
        self.started, self.opened, self.computed = threading.Event(), threading.Event(), []

    def __call__(self, request):
        self.computed.append(int(request.inputs["x"][0, 0]))
        self.started.set()
        assert self.opened.wait(10)
        return double(request)


INTERNAL = ("INTERNAL", "internal error (KeyError); the server's log has the details.")
ANSWERS = {
    1: ("y", [2]),
    -1: ("INVALID_ARG", "x: expected a positive number, got -1; send one."),
    -2: INTERNAL,
    -3: ("UNAVAILABLE", "asr_quartznet: no"),
}


@pytest.mark.parametrize("sent", ANSWERS)
def test_a_response_is_what_was_computed_or_the_error(sent, request_of, answer_of):
    assert answer_of(respond(request_of(sent), INTERFACE, double)) == ANSWERS[sent]


def test_only_the_log_has_the_details_of_an_internal_error(request_of, log):
    respond(request_of(-2), INTERFACE, double)
    respond(request_of(-1), INTERFACE, double)
    (message,) = log
    assert "Traceback" in message
    assert "/secret/path" in message


def test_a_cancelled_request_is_not_computed(request_of, answer_of):
    def compute(request):
        raise AssertionError

    response = respond(request_of(1, cancelled=True), INTERFACE, compute)
    assert answer_of(response) == ("CANCELLED", "cancelled by the client")


@pytest.mark.parametrize("bad", [-1, -2, -3])
def test_a_bad_request_fails_alone(bad, threads, request_of):
    requests = [request_of(number) for number in (1, bad, 1)]
    threads().execute(requests)
    assert [request.answer() for request in requests] == [ANSWERS[1], ANSWERS[bad], ANSWERS[1]]


class Broken:
    """An input that cannot be read."""

    def as_numpy(self):
        raise KeyError("/secret/path")


def test_a_fault_while_a_batch_is_queued_does_not_affect_later_requests(threads, request_of, log):
    requests = [request_of(1) for _ in range(3)]
    requests[1].tensors["x"] = Broken()
    threads().execute(requests)
    assert [request.answer() for request in requests] == [ANSWERS[1], INTERNAL, ANSWERS[1]]
    assert "/secret/path" in log[0]


@pytest.mark.parametrize("shape", [(1, 2), (2,), (1, 1, 1)])
def test_bytes_that_are_not_one_per_row_are_an_error_of_the_caller(shape, threads, request_of):
    request = request_of(None)
    request.tensors["x"] = pb_utils.Tensor("x", np.full(shape, b"word", dtype=object))
    threads().execute([request])
    code, message = request.answer()
    assert code == "INVALID_ARG"
    assert message.startswith(f"x: expected one element in each row, got shape {list(shape)}")


def test_objects_that_are_not_bytes_are_rejected(request_of, answer_of):
    request = request_of(None)
    request.tensors["x"] = pb_utils.Tensor("x", np.array([[0]], dtype=object))
    assert answer_of(respond(request, INTERFACE, double))[0] == "INVALID_ARG"


def seed_of(request):
    return [pb_utils.Tensor("y", np.array([request.parameters["seed"]]))]


@pytest.fixture(params=["threads", "respond"])
def serve(request, threads, answer_of):
    """Return a function that serves one request in either of the two ways, and returns the answer."""

    def in_threads(sent, compute):
        threads(compute).execute([sent])
        return sent.answer()

    def at_once(sent, compute):
        return answer_of(respond(sent, INTERFACE, compute))

    return in_threads if request.param == "threads" else at_once


def test_every_model_gets_the_parameters_that_it_declares(serve, request_of):
    assert serve(request_of(1, parameters='{"seed": "5", "speed": 9}'), seed_of) == ("y", [5])
    assert serve(request_of(1), seed_of) == ("y", [None])


def test_every_model_rejects_a_parameter_out_of_range(serve, request_of):
    code, message = serve(request_of(1, parameters='{"seed": -1}'), seed_of)
    assert code == "INVALID_ARG"
    assert message.startswith("parameter seed: expected a whole number from 0 to 92233720368547")


def test_parameters_that_are_not_utf_8_are_an_error_of_the_caller(serve, request_of):
    code, message = serve(request_of(1, parameters=b'{"seed": "\xff"}'), double)
    assert code == "INVALID_ARG"
    assert message.startswith("parameters: expected names and values in UTF-8")


def test_a_response_that_cannot_be_sent_does_not_affect_other_requests(threads, request_of, log):
    serving = threads(requests_in_flight=1)
    requests = [request_of(1, broken_sender=True), request_of(1), request_of(None, broken_sender=True)]
    serving.execute(requests)
    assert requests[1].answer() == ANSWERS[1]
    assert requests[2].sender.answered.wait(10)
    later = request_of(1)
    serving.execute([later])
    assert later.answer() == ANSWERS[1]
    assert sum("no shared memory left" in message for message in log) == 2


def test_a_request_cancelled_while_it_waits_is_not_computed(threads, request_of):
    gate = Gate()
    serving = threads(gate, requests_in_flight=1)
    first, second = request_of(1), request_of(7)
    serving.execute([first, second])
    assert gate.started.wait(10)
    second.cancelled = True
    gate.opened.set()
    assert second.answer() == ("CANCELLED", "cancelled by the client")
    assert first.answer() == ANSWERS[1]
    assert gate.computed == [1]


def test_a_request_is_rejected_if_the_queue_is_full_or_it_waits_too_long(threads, request_of):
    gate = Gate()
    serving = threads(gate, requests_in_flight=1, queue_requests=1, queue_timeout_s=60)
    running, late, refused = request_of(1), request_of(1, timeout_us=10_000), request_of(1)
    serving.execute([running])
    assert gate.started.wait(10)
    serving.execute([late, refused])
    assert refused.answer()[0] == late.answer()[0] == "UNAVAILABLE"
    assert "expected at most 1 waiting requests" in refused.answer()[1]
    assert "not started within 0.01 s" in late.answer()[1]
    gate.opened.set()
    assert running.answer() == ANSWERS[1]


def test_closing_serves_waiting_requests_and_rejects_later_ones(threads, request_of):
    gate = Gate()
    serving = threads(gate, requests_in_flight=1)
    requests = [request_of(1), request_of(1)]
    serving.execute(requests)
    assert gate.started.wait(10)
    gate.opened.set()
    serving.close()
    assert [request.answer() for request in requests] == [ANSWERS[1], ANSWERS[1]]
    later = request_of(1)
    serving.execute([later])
    code, message = later.answer()
    assert code == "UNAVAILABLE"
    assert "being unloaded" in message


def test_inputs_are_copied_before_their_memory_is_reused(threads, request_of):
    gate, request = Gate(), request_of(1)
    threads(gate).execute([request])
    request.tensors["x"].as_numpy()[:] = 100
    gate.opened.set()
    assert request.answer() == ANSWERS[1]


def test_rows_of_different_lengths_are_padded():
    assert pad_rows([np.array([1, 2], np.int64), np.array([3], np.int64)]).tolist() == [[1, 2], [3, 0]]
    assert pad_rows([np.array([b"a"], object), np.array([], object)]).tolist() == [[b"a"], [b""]]
    assert text_column(["é"]).tolist() == [["é".encode()]]


@pytest.fixture
def sender(request_of):
    return request_of(1).sender


def test_no_cancellation_is_queried_after_the_response(sender):
    response_sender = ResponseSender(sender)
    assert not response_sender.is_cancelled()
    response_sender.send("answer")
    assert response_sender.is_cancelled()  # the fake refuses to be asked now
    assert sender.questions == 1


def test_only_the_first_response_is_sent(sender):
    response_sender = ResponseSender(sender)
    response_sender.send("first")
    response_sender.send("second")
    assert sender.response == "first"


def test_only_outputs_that_were_asked_for_are_sent(request_of):
    """Triton 2.51 would free the others' arrays without Python's lock."""
    request = request_of(1)
    tensors = [pb_utils.Tensor(name, np.zeros(1)) for name in ("x", "y", "z")]
    ResponseSender.of(request).send(pb_utils.InferenceResponse(tensors))
    assert set(request.sender.response.tensors) == {"y"}


def test_a_cancellation_is_noticed(request_of):
    request = request_of(1)
    response_sender = ResponseSender(request.sender)
    assert not response_sender.is_cancelled()
    request.cancelled = True
    assert response_sender.is_cancelled()


def test_a_response_waits_for_a_running_cancellation_query():
    asked, answer_it, events = threading.Event(), threading.Event(), []

    class SlowSender:
        def is_cancelled(self):
            asked.set()
            assert answer_it.wait(10)
            events.append("asked")
            return False

        def send(self, response, flags):
            events.append("sent")

    response_sender = ResponseSender(SlowSender())
    asking = threading.Thread(target=response_sender.is_cancelled)
    sending = threading.Thread(target=response_sender.send, args=["answer"])
    asking.start()
    assert asked.wait(10)
    sending.start()
    sending.join(0.1)
    answer_it.set()
    sending.join(10)
    asking.join(10)
    assert events == ["asked", "sent"]
