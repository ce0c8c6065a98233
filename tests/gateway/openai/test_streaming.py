"""What comes before the rest exists, and what happens when the other side goes away.

The speech service of these tests goes on when the test says so: what is received until then was sent early.
"""

from __future__ import annotations

import io
import json
import time

import httpx
import openai
import pytest
import soundfile
import tritonclient.grpc as triton
from tritone_gateway.errors import InternalError
from tritone_gateway.settings import Settings

from tests.gateway.backends import RATE_HZ, WAIT_S, PatientBackend, tone
from tests.gateway.serving import RunningGateway

SPEECH = {"model": "tts-1", "voice": "alloy", "input": "A text."}
MODEL = {"model": "whisper-1"}


@pytest.fixture
def backend():
    return PatientBackend()


@pytest.fixture
def patient(backend):
    """A client of a gateway with that backend."""
    with (
        RunningGateway(Settings(), backend=backend) as gateway,
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0, timeout=WAIT_S) as client,
    ):
        yield client
        backend.go_on.set()


def long_recording():
    """FLAC of a minute of tone."""
    content = io.BytesIO()
    soundfile.write(content, tone(60.0), RATE_HZ, format="FLAC")
    return "tone.flac", content.getvalue()


@pytest.mark.parametrize("stream_format", ["audio", "sse"])
@pytest.mark.parametrize("format", ["mp3", "opus", "aac", "flac", "wav", "pcm"])
def test_first_audio_arrives_before_the_synthesis_ends(backend, patient, format, stream_format):
    speaking = patient.audio.speech.with_streaming_response.create(
        **SPEECH, response_format=format, stream_format=stream_format
    )
    with speaking as answer:
        parts = answer.iter_bytes()
        received = len(next(parts))
        assert backend.spoken == 1
        backend.go_on.set()
        total = received + sum(map(len, parts))
    assert backend.spoken == 3
    assert total > 1.5 * received


def test_first_text_arrives_before_the_recording_is_recognised(backend, patient):
    events = patient.audio.transcriptions.create(file=long_recording(), **MODEL, stream=True)
    first = next(events)
    assert (first.type, first.delta) == ("transcript.text.delta", "Word1.")
    backend.go_on.set()
    *deltas, done = events
    assert len(deltas) > 1
    assert done.type == "transcript.text.done"
    assert done.text == first.delta + "".join(event.delta for event in deltas)
    assert done.usage.seconds == 60.0


def test_client_that_goes_away_ends_the_synthesis(backend, patient):
    with patient.audio.speech.with_streaming_response.create(**SPEECH) as answer:
        next(answer.iter_bytes())
    assert backend.closed.wait(WAIT_S)
    backend.go_on.set()
    assert backend.spoken == 1


def test_client_that_goes_away_before_the_first_audio_ends_the_synthesis(backend, patient):
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{patient.base_url}audio/transcriptions", files={"file": b"RIFF"}, data=MODEL, timeout=0.5
        )
    assert backend.closed.wait(WAIT_S)


def test_reader_that_does_not_read_holds_the_synthesis_up(patient, backend):
    backend.chunks = 3000
    backend.go_on.set()
    with patient.audio.speech.with_streaming_response.create(**SPEECH, response_format="wav") as answer:
        parts = answer.iter_bytes()
        next(parts)
        while (spoken := backend.spoken) < 100 or spoken != later(lambda: backend.spoken):
            assert spoken < 3000
    assert backend.closed.wait(WAIT_S)
    assert backend.spoken < 3000


def test_client_that_goes_away_ends_the_synthesis_in_triton(server, sdk):
    sentence = "He does not appear to have been able to establish meaningful relationships. "
    with triton.InferenceServerClient(server.grpc_url) as client:
        before = settled(lambda: vocoded(client))
        with sdk.audio.speech.with_streaming_response.create(
            **{**SPEECH, "input": 40 * sentence}, response_format="wav"
        ) as answer:
            next(answer.iter_bytes())
        assert settled(lambda: vocoded(client)) - before < 12  # of more than 40


def vocoded(client):
    """How often the vocoder was called."""
    (statistics,) = client.get_inference_statistics("tts_waveglow").model_stats
    return statistics.execution_count


def settled(value):
    """Wait until a value has stopped changing."""
    found = value()
    while (now := later(value)) != found:
        found = now
    return found


def later(value):
    time.sleep(0.3)
    return value()


def test_error_after_the_first_audio_breaks_the_response_off(backend, patient):
    backend.error = InternalError("The speech server failed.")
    with patient.audio.speech.with_streaming_response.create(**SPEECH) as answer:
        parts = answer.iter_bytes()
        next(parts)
        backend.go_on.set()
        with pytest.raises(Exception, match="peer closed connection without sending complete"):
            list(parts)


def test_error_after_the_first_event_is_the_last_event(backend, patient):
    backend.error = InternalError("The speech server failed.")
    events = patient.audio.transcriptions.create(file=long_recording(), **MODEL, stream=True)
    next(events)
    backend.go_on.set()
    with pytest.raises(openai.APIError, match="The speech server failed"):
        list(events)


def test_error_in_events_of_speech_is_the_last_event(backend, patient):
    backend.error = InternalError("The speech server failed.")
    with patient.audio.speech.with_streaming_response.create(**SPEECH, stream_format="sse") as answer:
        backend.go_on.set()
        last = [line for line in answer.iter_lines() if line][-1]
    assert json.loads(last.removeprefix("data: "))["error"]["type"] == "server_error"
