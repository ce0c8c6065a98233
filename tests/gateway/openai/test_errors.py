"""Errors in OpenAI's form, as the SDK raises them."""

from __future__ import annotations

import httpx
import openai
import pytest
from tritone_gateway.errors import (
    AuthenticationError,
    DeadlineError,
    ForbiddenError,
    InternalError,
    RateLimitError,
    TooLargeError,
    UnavailableError,
)
from tritone_gateway.settings import Settings

from tests.gateway.audio.recordings import SAMPLE, SAMPLES
from tests.gateway.backends import FailingBackend
from tests.gateway.serving import RunningGateway
from tritone.server.ports import Ports

DIGITS = SAMPLES / "digits_kal.flac"
TRANSCRIBE = {"file": DIGITS, "model": "whisper-1"}
SPEAK = {"model": "tts-1", "voice": "alloy", "input": "Hello."}


@pytest.mark.parametrize(
    ("wrong", "param", "message"),
    [
        ({"file": ("empty.wav", b"")}, "file", "file: expected a recording, got an empty file"),
        ({"file": ("a.wav", b"no audio, but a text\n" * 9)}, "file", "file: expected a readable audio file"),
        ({"file": ("a.wav", b"text\n" * 9), "stream": True}, "file", "file: expected a readable audio file"),
        ({"file": ("cut.flac", SAMPLE.read_bytes()[:9000])}, "file", "file: expected .* cut off|FLAC"),
        ({"response_format": "xml"}, "response_format", "response_format: expected 'json', 'text'"),
        ({"response_format": "diarized_json"}, "response_format", "do not tell speakers apart"),
        ({"known_speaker_names": ["Anna"]}, "known_speaker_names", "do not tell speakers apart"),
        ({"language": "de"}, "language", "language: expected en, .*, got 'de'"),
        ({"languages": ["de", "fr"]}, "languages", "languages: expected en, .*, got 'de', 'fr'"),
        ({"temperature": 3}, "temperature", "temperature: expected less than or equal to 1"),
        ({"timestamp_granularities": ["word"]}, "timestamp_granularities", "response_format verbose_json"),
        ({"timestamp_granularities": ["phone"]}, "timestamp_granularities", "expected 'word' or 'segment'"),
        ({"include": ["logprobs"], "response_format": "text"}, "include", "response_format json"),
        ({"stream": True, "response_format": "srt"}, "stream", "response_format json or text, got srt"),
        ({"keywords": ["fine", "a+b"]}, "keywords", "keywords, phrase 2: expected characters"),
        ({"keywords": ["word"] * 3 + ["x" * 101]}, "keywords", "keywords, phrase 2: expected 1 to 100"),
    ],
    ids=lambda value: None if isinstance(value, str) else ", ".join(value),
)
def test_bad_field_of_a_transcription_is_named(sdk, wrong, param, message):
    with pytest.raises(openai.BadRequestError, match=message) as refused:
        sdk.audio.transcriptions.create(**{**TRANSCRIBE, **wrong})
    assert (refused.value.param, refused.value.type) == (param, "invalid_request_error")


@pytest.mark.parametrize(
    ("wrong", "param", "message"),
    [
        ({"input": " \n"}, "input", "input: expected a text, got an empty one"),
        ({"input": "..."}, "input", "input: expected at least one letter"),
        ({"input": "Hello there. " * 8000}, "input", "input: expected at most 20000 characters, got 104000"),
        ({"input": "\u043f\u0440\u0438\u0432\u0435\u0442"}, "input", "input: expected English"),
        ({"voice": "bob"}, "voice", "voice: expected one of default, alloy, .*, got 'bob'"),
        ({"voice": "b" * 100_000}, "voice", "at most 200 characters"),
        ({"voice": {"id": "bob"}}, "voice", "got 'bob'"),
        ({"speed": 3}, "speed", "speed: expected 0.5 to 2, which the voices can do, got 3"),
        ({"speed": 30}, "speed", "speed: expected less than or equal to 4"),
        ({"response_format": "mp4"}, "response_format", "expected 'mp3', 'opus'"),
        ({"stream_format": "smoke"}, "stream_format", "expected 'audio' or 'sse'"),
    ],
    ids=lambda value: None if isinstance(value, str) else ", ".join(value),
)
def test_bad_field_of_speech_is_named(sdk, wrong, param, message):
    with pytest.raises(openai.BadRequestError, match=message) as refused:
        sdk.audio.speech.create(**{**SPEAK, **wrong})
    assert refused.value.param == param
    assert len(str(refused.value)) < 1000  # nothing long is sent back


def test_translations_are_refused_with_the_reason(sdk):
    with pytest.raises(openai.BadRequestError, match="expected a translator to be configured"):
        sdk.audio.translations.create(file=DIGITS, model="whisper-1")


def test_unknown_model_is_not_found(sdk):
    for call in (
        lambda: sdk.audio.transcriptions.create(file=DIGITS, model="gpt-4o-transcribe-diarize"),
        lambda: sdk.audio.speech.create(**{**SPEAK, "model": "whisper-1"}),
        lambda: sdk.models.retrieve("gpt-5"),
    ):
        with pytest.raises(openai.NotFoundError, match="model: expected a model that is served") as refused:
            call()
        assert (refused.value.code, refused.value.param) == ("model_not_found", "model")


def test_unknown_path_and_method_are_in_the_same_form(sdk, http):
    with pytest.raises(openai.NotFoundError, match="/v1/chat/completions: no such path"):
        sdk.chat.completions.create(model="gpt-5", messages=[])
    answer = http.get("/v1/audio/speech")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"model": ', "body: expected JSON"),
        (b"[]", "body: expected a valid dictionary"),
        (b"\xff\xfe", "body"),
        (b'{"model": "tts-1", "voice": "alloy", "input": "\\ud800"}', "expected valid Unicode"),
    ],
)
def test_what_is_no_json_of_speech_is_refused(http, body, message):
    answer = http.post("/v1/audio/speech", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "request_of",
    [
        {"data": {"model": "whisper-1"}},
        {"data": {"model": "whisper-1", "file": "a text"}},
        {"json": {"model": "whisper-1"}},
        {"content": b"nothing", "headers": {"Content-Type": "multipart/form-data"}},
    ],
    ids=["no file", "text as file", "JSON", "no boundary"],
)
def test_what_is_no_form_of_a_transcription_is_refused(http, request_of):
    answer = http.post("/v1/audio/transcriptions", **request_of)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("error", "raised", "kind"),
    [
        (AuthenticationError("No."), openai.AuthenticationError, "authentication_error"),
        (ForbiddenError("No."), openai.PermissionDeniedError, "permission_error"),
        (TooLargeError("No."), openai.APIStatusError, "invalid_request_error"),
        (RateLimitError("No.", retry_after_s=7), openai.RateLimitError, "rate_limit_error"),
        (InternalError("No."), openai.InternalServerError, "server_error"),
        (UnavailableError("No.", retry_after_s=7), openai.InternalServerError, "server_error"),
        (DeadlineError("No."), openai.InternalServerError, "server_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_sdk_raises_its_own_class(error, raised, kind):
    with (
        RunningGateway(Settings(), backend=FailingBackend(error)) as gateway,
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none", max_retries=0) as sdk,
    ):
        for call in (
            lambda: sdk.audio.transcriptions.create(**TRANSCRIBE),
            lambda: sdk.audio.transcriptions.create(**TRANSCRIBE, stream=True),
            lambda: sdk.audio.speech.create(**SPEAK),
            lambda: sdk.audio.speech.create(**SPEAK, stream_format="sse"),
            sdk.models.list,
        ):
            with pytest.raises(raised, match="No") as caught:
                call()
            assert caught.value.status_code == error.status
            assert (caught.value.type, caught.value.code) == (kind, error.code)
            retry_after = None if error.retry_after_s is None else str(error.retry_after_s)
            assert caught.value.response.headers.get("Retry-After") == retry_after


def test_without_triton_the_sdk_is_told_to_come_back():
    nobody = f"127.0.0.1:{Ports.free().grpc}"
    with RunningGateway(Settings(triton_url=nobody, overload_wait_s=0)) as gateway:
        answer = httpx.post(f"{gateway.url}/v1/audio/speech", json=SPEAK, timeout=60)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error"]["type"] == "server_error"


def test_recording_longer_than_allowed_is_refused(server):
    settings = Settings(triton_url=server.grpc_url, max_duration_s=5)
    with RunningGateway(settings) as gateway:
        for stream in ("false", "true"):
            answer = httpx.post(
                f"{gateway.url}/v1/audio/transcriptions",
                files={"file": SAMPLE.read_bytes()},
                data={"model": "whisper-1", "stream": stream},
            )
            assert answer.status_code == 400
            assert "expected at most 5 s of audio, got 8.4 s" in answer.json()["error"]["message"]
