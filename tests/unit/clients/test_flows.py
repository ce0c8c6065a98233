"""Request flows, executed step by step without a server."""

from __future__ import annotations

import time

import numpy as np
import pytest
from tritone_client import (
    Client,
    InvalidRequestError,
    OverloadedError,
    ProcessDiedError,
    RequestTimeoutError,
    ServerNotReadyError,
    ServerUnavailableError,
    calls,
    errors,
    flows,
)
from tritone_client.attempts import (
    FIRST_OVERLOAD_PAUSE_S,
    LONGEST_OVERLOAD_PAUSE_S,
    LONGEST_PAUSE_S,
    LONGEST_RECOVERY_PAUSE_S,
    RetryPolicy,
)
from tritone_client.flows import Ask, Pause
from tritone_client.questions import Infer, ModelReady, ServerLive, ServerReady


def carry_out(flow, answers):
    """Run a flow with the given answers; return its steps and its result or error."""
    steps, answers = [], iter(answers)
    run = flows.FlowRun(flow)
    try:
        while run.step is not None:
            steps.append(run.step)
            answer = next(answers) if isinstance(run.step, Ask) else None
            if isinstance(answer, Exception):
                run.fail(answer)
            else:
                run.answer(answer)
    except errors.TritoneError as error:
        return steps, error
    return steps, run.result


def text_answer(text: bytes):
    return {"text": np.array([[text]], dtype=object)}.get


DOWN = ServerUnavailableError("down")


def test_pauses_grow_and_stay_bounded():
    pauses_s = list(RetryPolicy(timeout_s=1, retries=12).pauses_s())
    assert len(pauses_s) == 12
    assert 0.1 <= pauses_s[0] <= 0.2
    assert max(pauses_s) <= LONGEST_PAUSE_S
    assert min(pauses_s[-5:]) >= LONGEST_PAUSE_S / 2


def test_pauses_of_two_clients_differ():
    policy = RetryPolicy(timeout_s=1, retries=5)
    assert list(policy.pauses_s()) != list(policy.pauses_s())


def test_a_retry_follows_a_pause():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=3))
    steps, result = carry_out(flow, [DOWN, DOWN, text_answer(b"Hello.")])
    assert [type(step) for step in steps] == [Ask, Ask, Pause, Ask]
    assert isinstance(steps[1].question, ServerReady)
    assert result == "Hello."


def test_each_attempt_gets_what_is_left_of_the_deadline():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=1))
    steps, _ = carry_out(flow, [DOWN, DOWN, text_answer(b"Hello.")])
    assert 59 < steps[3].timeout_s < steps[0].timeout_s <= 60


@pytest.mark.parametrize("error", [InvalidRequestError("bad"), RequestTimeoutError("late")])
def test_other_errors_end_the_request(error):
    steps, result = carry_out(
        flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=3)), [error]
    )
    assert (len(steps), result) == (1, error)


def test_no_pause_would_exceed_the_deadline():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=0.05, retries=3))
    steps, result = carry_out(flow, [DOWN, DOWN])
    assert result is DOWN
    assert not any(isinstance(step, Pause) for step in steps)


def test_a_pause_that_took_too_long_ends_the_request_with_what_was_wrong():
    """A further attempt could only time out, which would hide that the address does not answer."""
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=0.4, retries=3))
    run = flows.FlowRun(flow)
    run.fail(DOWN)
    run.fail(DOWN)  # asked whether it is ready
    assert isinstance(run.step, Pause)
    time.sleep(0.5)
    with pytest.raises(ServerUnavailableError):
        run.answer(None)


def test_a_server_that_refuses_while_loading_is_not_ready():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=0))
    steps, result = carry_out(flow, [DOWN, False])
    assert isinstance(steps[-1].question, ServerReady)
    assert isinstance(result, ServerNotReadyError)


FULL = ServerUnavailableError("localhost:8001 is unavailable (no room)", "no room")


def test_a_ready_server_that_refuses_is_overloaded_and_says_why():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=3))
    steps, result = carry_out(flow, [FULL, True])
    assert isinstance(result, OverloadedError)
    assert str(result) == "punctuate: the server is overloaded, no room"
    assert len(steps) == 2  # without policy for it, there is no pause


def test_an_overloaded_server_is_asked_again_until_it_has_room():
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=0, overload_wait_s=60))
    steps, result = carry_out(flow, [FULL, True, FULL, True, text_answer(b"Hello.")])
    pauses_s = [step.seconds for step in steps if isinstance(step, Pause)]
    assert len(pauses_s) == 2
    assert FIRST_OVERLOAD_PAUSE_S / 2 <= pauses_s[0] < pauses_s[1] <= LONGEST_OVERLOAD_PAUSE_S
    assert result == "Hello."


def test_readiness_is_not_checked_after_a_process_died():
    """Triton reports ready even if processes have died."""
    died = ProcessDiedError("Stub process 'asr_windows_0_0' is not healthy. (INTERNAL)")
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=0, overload_wait_s=60))
    steps, result = carry_out(flow, [died, died, text_answer(b"Hello.")])
    assert [type(step) for step in steps] == [Ask, Pause, Ask, Pause, Ask]
    assert result == "Hello."


def test_a_dead_process_is_asked_for_again_soon():
    died = ProcessDiedError("Stub process 'asr_windows_0_0' is not healthy. (INTERNAL)")
    flow = flows.complete(calls.punctuate("hello"), RetryPolicy(timeout_s=60, retries=0, overload_wait_s=60))
    steps, _ = carry_out(flow, [*[died] * 20, text_answer(b"Hello.")])
    pauses_s = [step.seconds for step in steps if isinstance(step, Pause)]
    assert len(pauses_s) == 20
    assert max(pauses_s) <= LONGEST_RECOVERY_PAUSE_S


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Stub process 'asr_windows_0_0' is not healthy.", ProcessDiedError),
        ("Stub process is not healthy.", ProcessDiedError),
        ("Failed to obtain the health mutex.", ProcessDiedError),
        (
            "in ensemble 'a', Failed to process the request(s) for model instance 'a', message: "
            "Stub process 'asr_windows_0_0' is not healthy.",
            ProcessDiedError,
        ),
        ("internal error (KeyError); the server's log has the details.", errors.ServerError),
        (None, errors.ServerError),
    ],
)
def test_a_dead_process_is_told_from_other_failures(words, kind):
    assert type(errors.server_error(words, "INTERNAL")) is kind


def test_the_pauses_for_an_overloaded_server_end_with_the_wait():
    now_s = time.monotonic()
    policy = RetryPolicy(timeout_s=60, retries=0, overload_wait_s=0.3)
    for pause_s in policy.overload_pauses_s():
        assert now_s + pause_s <= now_s + 0.3
        time.sleep(pause_s)
    assert time.monotonic() - now_s < 2
    assert list(RetryPolicy(timeout_s=60, retries=9).overload_pauses_s()) == []


def test_waiting_polls_while_time_is_left():
    flow = flows.wait_until_ready(["punctuate"], 60, RetryPolicy(timeout_s=60, retries=0))
    steps, result = carry_out(flow, [DOWN, False, True, False, True])
    asked = [type(step.question) for step in steps if isinstance(step, Ask)]
    assert asked == [ModelReady, ModelReady, ServerLive, ServerReady, ModelReady]
    assert result is None


def test_request_parameters_reach_the_transport():
    call = calls.Call("punctuate", (), lambda outputs: None, {"seed": 7})
    steps, _ = carry_out(flows.complete(call, RetryPolicy(1, 0)), [text_answer(b"")])
    assert steps[0].question == Infer(call)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout_s": 0}, "timeout_s: expected more than 0"),
        ({"timeout_s": float("nan")}, "timeout_s"),
        ({"retries": -1}, "retries: expected 0 or more"),
        ({"overload_wait_s": -1}, "overload_wait_s: expected 0 seconds or more"),
        ({"protocol": "ftp"}, "protocol: expected grpc or http"),
        ({"url": "http://localhost:8001"}, "url: expected HOST:PORT"),
        ({"url": "localhost"}, "url: expected HOST:PORT"),
        ({"url": "localhost:port"}, "url: expected HOST:PORT"),
    ],
)
def test_a_client_with_wrong_options_is_not_made(options, message):
    with pytest.raises(ValueError, match=message):
        Client(**options)


def test_the_default_port_is_the_protocols():
    with Client() as grpc, Client(protocol="http") as http:
        assert (grpc.url, http.url) == ("localhost:8001", "localhost:8000")


def test_the_prefixes_of_nested_ensembles_are_removed():
    message = "in ensemble 'audio_to_text', in ensemble 'speech_to_text', audio: too long"
    assert errors.plain_message(message) == "audio: too long"
    assert errors.plain_message("[request id: <id_unknown>] inference input") == "inference input"
