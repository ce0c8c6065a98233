"""More requests than the server can take: a clear refusal for some, right answers for the others."""

from __future__ import annotations

import asyncio
import io
import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
import soundfile
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException
from tritone_client import AsyncClient, Client, OverloadedError, TritoneError

from .conftest import RECORDINGS, batch, tensor, text
from .small import small_server

AT_WORK, QUEUE = 2, 4
FULL = "expected at most 4 waiting requests"
LATE = "not started within 0.1 s"
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
    answers = at_once(
        AT_WORK + QUEUE, lambda: ask(server, protocol, "speech_to_text", arrays, timeout_us=100_000)
    )
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {(refusal.status(), plain(refusal)) for refusal in refusals} == {(REFUSED[protocol], LATE)}
    assert len(answers) - len(refusals) >= AT_WORK


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
    answers = []

    def punctuate():
        while not over.is_set():
            answers.append(ask(server, "grpc", "punctuate", crowd))

    threads = [Thread(target=punctuate) for _ in range(32)]
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
    assert [answer for answer in answers if not isinstance(answer, InferenceServerException)]
    # Refused where they come in: unless that waits for what is behind it, all of them would get there.
    refusals = [answer for answer in answers if isinstance(answer, InferenceServerException)]
    assert {(refusal.status(), plain(refusal)) for refusal in refusals} == {("StatusCode.UNAVAILABLE", FULL)}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_the_client_names_overload_and_says_what_to_do(server, half_minute, kind, protocol):
    url, clip = getattr(server, f"{protocol}_url"), np.tile(half_minute, 4)

    def sync():
        with Client(url, protocol=protocol, overload_wait_s=0) as client:
            return at_once(BURST, lambda: outcome_of(client.transcribe, clip))

    async def asynchronous():
        async with AsyncClient(url, protocol=protocol, overload_wait_s=0) as client:
            calls = [client.transcribe(clip) for _ in range(BURST)]
            return await asyncio.gather(*calls, return_exceptions=True)

    outcomes = sync() if kind == "sync" else asyncio.run(asynchronous())
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert {type(refusal) for refusal in refusals} == {OverloadedError}
    assert all(
        re.fullmatch(
            rf"speech_to_text: the server is overloaded, {FULL} .*; reduce the concurrency, .*", message
        )
        for message in map(str, refusals)
    )
    assert len({outcome.text for outcome in outcomes if outcome not in refusals}) == 1


def outcome_of(call, *arguments):
    try:
        return call(*arguments)
    except TritoneError as error:
        return error


def test_patient_clients_are_all_served_in_the_end(server, half_minute):
    clip = np.tile(half_minute, 2)
    with Client(server.grpc_url, overload_wait_s=60) as client:
        results = at_once(BURST, lambda: client.transcribe(clip))
    assert len({result.text for result in results}) == 1


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_folder_of_more_files_than_the_server_takes_is_transcribed_whole(server, tmp_path, protocol):
    for copy in range(8):
        for path in RECORDINGS.glob("*.flac"):
            (tmp_path / f"{path.stem}_{copy}{path.suffix}").write_bytes(path.read_bytes())
    command = ["transcribe", tmp_path, "--format", "json", "--concurrency", "64"]
    address = ["--protocol", protocol, "--url", getattr(server, f"{protocol}_url")]
    done = subprocess.run(
        [sys.executable, "-m", "tritone_client.command", *map(str, command), *address],
        capture_output=True,
        timeout=300,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    heard = {}
    for line in map(json.loads, done.stdout.splitlines()):
        heard.setdefault(Path(line["file"]).stem.rpartition("_")[0], []).append(line["text"])
    assert all(len(texts) == 8 and len(set(texts)) == 1 for texts in heard.values())


def test_a_probe_of_an_overloaded_pipeline_finds_it_busy_and_the_server_well(server, half_minute):
    over = Event()
    clip = batch(np.tile(half_minute, 4))

    def crowd():
        while not over.is_set():
            ask(server, "grpc", "speech_to_text", clip)

    threads = [Thread(target=crowd) for _ in range(BURST)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        with Client(server.grpc_url) as client:
            probes = [client.probe(["speech_to_text"], deadline_s=5) for _ in range(3)]
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert all(probe.ok for probe in probes)
    assert "busy" in {probe.pipelines["speech_to_text"].state for probe in probes}
