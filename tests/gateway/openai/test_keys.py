"""Keys and limits, as the SDK sees them."""

from __future__ import annotations

import httpx
import openai
import pytest
from click.testing import CliRunner
from tritone_gateway.command import main
from tritone_gateway.settings import Settings

from tests.gateway.backends import PatientBackend
from tests.gateway.serving import RunningGateway

RECORDING = {"file": ("a.wav", b"RIFF"), "model": "whisper-1"}
SPEAK = {"model": "tts-1", "voice": "alloy", "input": "Hello."}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("keys")


@pytest.fixture(scope="module")
def locked(folder):
    """A gateway that asks for keys."""
    backend = PatientBackend(chunks=2)
    backend.go_on.set()
    settings = Settings(require_keys=True, data_folder=folder, max_body_bytes=10_000)
    made(folder, "first")
    with RunningGateway(settings, backend=backend) as running:
        yield running


def made(folder, *arguments):
    """Return a new key."""
    runner = CliRunner(env={"TRITONE_DATA_FOLDER": str(folder)})
    return runner.invoke(main, ["keys", "create", *arguments]).stdout.strip()


@pytest.fixture
def caller(locked):
    """Return a client with a key."""

    def client(key):
        return openai.OpenAI(base_url=f"{locked.url}/v1", api_key=key, max_retries=0)

    return client


def test_key_is_taken_as_the_sdk_sends_it_and_its_audio_is_counted(caller, folder, locked):
    sdk = caller(made(folder, "counted"))
    assert sdk.models.list().data
    sdk.audio.transcriptions.create(**RECORDING)
    sdk.audio.speech.create(**SPEAK)
    metrics = caller(made(folder, "monitor", "--scope", "metrics")).api_key
    series = httpx.get(f"{locked.url}/metrics", headers={"Authorization": f"Bearer {metrics}"}).text
    assert 'tritone_gateway_audio_seconds_total{api="openai_speech",key="counted"} 2.0' in series
    assert 'api="openai_transcriptions",key="counted"' in series


def test_wrong_key_raises_authentication_error(caller):
    for call in (lambda sdk: sdk.audio.speech.create(**SPEAK), lambda sdk: sdk.models.list()):
        with pytest.raises(openai.AuthenticationError) as refused:
            call(caller("wrong"))
        assert (refused.value.type, refused.value.code) == ("authentication_error", "invalid_api_key")


def test_key_for_speech_alone_may_not_transcribe(caller, folder):
    sdk = caller(made(folder, "speaker", "--scope", "synthesize"))
    assert sdk.audio.speech.create(**SPEAK).content
    with pytest.raises(openai.PermissionDeniedError):
        sdk.audio.transcriptions.create(**RECORDING)


def test_rate_of_a_key_raises_rate_limit_error_with_the_time_to_wait(caller, folder):
    sdk = caller(made(folder, "seldom", "--rate", "1"))
    sdk.audio.speech.create(**SPEAK)
    with pytest.raises(openai.RateLimitError) as refused:
        sdk.audio.speech.create(**SPEAK)
    assert refused.value.type == "rate_limit_error"
    assert int(refused.value.response.headers["Retry-After"]) > 0


def test_too_large_an_upload_is_refused_in_the_same_form(caller, folder):
    sdk = caller(made(folder, "uploader"))
    with pytest.raises(openai.APIStatusError) as refused:
        sdk.audio.transcriptions.create(file=("a.wav", bytes(20_000)), model="whisper-1")
    assert (refused.value.status_code, refused.value.code) == (413, "too_large")
