"""More requests than the server can take: a clear refusal for some, right answers for the others."""

from __future__ import annotations

import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from .conftest import batch, tensor, text
from .small import small_server

AT_WORK, QUEUE = 2, 4
FULL = "expected at most 4 requests that wait"
LATE = "expected the request to be begun within 0.1 s"
BURST = 24


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("overload")
    limits = {"queue_requests": QUEUE, "requests_in_flight": AT_WORK, "windows_in_flight": 1}
    with small_server(folder, **limits) as running:
        yield running


@pytest.fixture(scope="module")
def half_minute(recordings):
    clip = max(recordings.values(), key=len)
    return np.tile(clip, 1 + 30 * 16_000 // clip.size)[: 30 * 16_000]


def ask(server, protocol, model, arrays, timeout_us=None):
    """Return a model's answer over one protocol, or the refusal."""
    module = {"grpc": triton, "http": triton_http}[protocol]
    with module.InferenceServerClient(getattr(server, f"{protocol}_url")) as client:
        inputs = [tensor(name, array, module) for name, array in arrays.items()]
        try:
            return client.infer(model, inputs, timeout=timeout_us)
        except InferenceServerException as error:
            return error


def at_once(count, call):
    with ThreadPoolExecutor(count) as threads:
        return [future.result() for future in [threads.submit(call) for _ in range(count)]]


def metric(server, name, model, reason=None):
    """Read one of Triton's metrics of a model."""
    page = urllib.request.urlopen(server.metrics_url).read().decode()
    label = f'(?=[^}}]*reason="{reason}")' if reason else ""
    return float(re.search(rf'^{name}{{{label}[^}}]*model="{model}"[^}}]*}} (\S+)$', page, re.MULTILINE)[1])


REFUSED = {"grpc": "StatusCode.UNAVAILABLE", "http": "503"}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_what_finds_the_queue_full_is_refused_at_once_and_the_rest_is_answered_right(
    server, half_minute, protocol
):
    arrays = batch(np.tile(half_minute, 4))
    expected = ask(server, protocol, "speech_to_text", arrays).as_numpy("text")[0, 0]
    answers = at_once(BURST, lambda: ask(server, protocol, "speech_to_text", arrays))
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {(refusal.status(), plain(refusal)) for refusal in refusals} == {(REFUSED[protocol], FULL)}
    texts = [answer.as_numpy("text")[0, 0] for answer in answers if answer not in refusals]
    assert set(texts) == {expected}
    assert len(texts) >= AT_WORK + QUEUE


def plain(refusal):
    """The beginning of the server's words."""
    return next((text for text in (FULL, LATE) if text in refusal.message()), refusal.message())


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_caller_says_how_long_its_request_may_wait(server, half_minute, protocol):
    arrays = batch(np.tile(half_minute, 10))
    rejected = metric(server, "tritone_requests_refused_total", "asr_windows", "timeout")
    answers = at_once(
        AT_WORK + QUEUE, lambda: ask(server, protocol, "speech_to_text", arrays, timeout_us=100_000)
    )
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {(refusal.status(), plain(refusal)) for refusal in refusals} == {(REFUSED[protocol], LATE)}
    assert len(answers) - len(refusals) >= AT_WORK
    rejected = metric(server, "tritone_requests_refused_total", "asr_windows", "timeout") - rejected
    assert rejected == len(refusals)


@pytest.mark.parametrize(
    ("model", "arrays"),
    [
        ("punctuate", {"transcript": text("how are you " * 600)}),
        ("text_to_speech", {"text": text("One day it rained. " * 40)}),
        ("text_to_audio", {"text": text("One day it rained. " * 40), "format": text("wav")}),
    ],
)
def test_every_pipeline_refuses_what_it_has_no_room_for(server, model, arrays):
    answers = at_once(BURST, lambda: ask(server, "grpc", model, arrays))
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {(refusal.status(), plain(refusal)) for refusal in refusals} == {("StatusCode.UNAVAILABLE", FULL)}
    assert len(refusals) < BURST


def test_a_file_finds_the_queue_full_too(server, half_minute):
    import io

    import soundfile

    file = io.BytesIO()
    soundfile.write(file, np.tile(half_minute, 4), 16_000, format="FLAC")
    arrays = {"audio_bytes": text(file.getvalue())}
    answers = at_once(BURST, lambda: ask(server, "grpc", "audio_to_text", arrays))
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {refusal.status() for refusal in refusals} == {"StatusCode.UNAVAILABLE"}


def test_recordings_that_were_let_in_are_not_refused_for_texts_that_crowd_punctuation(server, half_minute):
    """Recognised recordings wait behind texts in the queue of punctuation, which holds few of both."""
    over = Event()
    crowd = {"transcript": text("how are you " * 2000)}
    answers, waiting = [], []

    def punctuate():
        while not over.is_set():
            answers.append(ask(server, "grpc", "punctuate", crowd))

    def watch():
        while not over.is_set():
            waiting.append(metric(server, "tritone_requests_waiting", "punctuation_windows"))
            time.sleep(0.02)

    threads = [Thread(target=work) for work in [*[punctuate] * 16, watch]]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    try:
        recordings = [
            ask(server, "grpc", "speech_to_text", batch(half_minute[: 16_000 * 5])) for _ in range(4)
        ]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not [answer for answer in recordings if isinstance(answer, InferenceServerException)]
    texts_in_flight = AT_WORK  # text_validator's; each may be at it once more than it waits for
    assert max(waiting) <= 2 * (2 * texts_in_flight) + 4
    assert [answer for answer in answers if not isinstance(answer, InferenceServerException)]
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {refusal.status() for refusal in refusals} == {"StatusCode.UNAVAILABLE"}
