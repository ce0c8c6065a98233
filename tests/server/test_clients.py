"""The client library on the real server: sync and asyncio, gRPC and HTTP."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
import soundfile
from tritone_client import (
    AsyncClient,
    Client,
    InvalidRequestError,
    ModelNotFoundError,
    ServerUnavailableError,
)

from tritone.server import Ports, ServerOptions, TritonServer

from .conftest import RECORDINGS

VARIANTS = [(kind, protocol) for kind in ("sync", "asyncio") for protocol in ("grpc", "http")]
ONE_OF_EACH_FORMAT = sorted({path.suffix: path for path in RECORDINGS.glob("*_*.*")}.values())


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def ask(server, request):
    """A function that calls one method of a client."""
    kind, protocol = request.param
    url = getattr(server, f"{protocol}_url")

    async def ask_async(method, *arguments):
        async with AsyncClient(url, protocol=protocol) as client:
            return await getattr(client, method)(*arguments)

    def ask_sync(method, *arguments):
        with Client(url, protocol=protocol) as client:
            return getattr(client, method)(*arguments)

    return ask_sync if kind == "sync" else lambda *arguments: asyncio.run(ask_async(*arguments))


@pytest.fixture(scope="module")
def over_grpc(server):
    """A client whose answers the others are compared with."""
    with Client(server.grpc_url) as client:
        yield client


@pytest.mark.parametrize("path", ONE_OF_EACH_FORMAT, ids=lambda path: path.suffix)
def test_a_file_gives_the_same_transcription_over_every_transport(ask, over_grpc, path):
    result = ask("transcribe", path)
    assert result == over_grpc.transcribe(path)
    assert result == ask("transcribe", path.read_bytes())
    assert result.duration_s == pytest.approx(soundfile.info(path).duration, abs=0.001)


def test_samples_give_what_their_file_gives(ask, over_grpc, recordings):
    name, samples = min(recordings.items(), key=lambda item: item[1].size)
    from_samples, from_file = ask("transcribe", samples), over_grpc.transcribe(RECORDINGS / name)
    assert (from_samples.transcript, from_samples.text) == (from_file.transcript, from_file.text)


def test_words_belong_to_the_texts_and_lie_inside_the_audio(over_grpc):
    for path in RECORDINGS.glob("*.flac"):
        result = over_grpc.transcribe(path)
        assert [word.word for word in result.words] == result.transcript.split()
        assert len(result.text.split()) == len(result.words)
        times_s = [time_s for word in result.words for time_s in (word.start_s, word.end_s)]
        assert times_s == sorted(times_s)
        assert times_s[0] >= 0
        assert times_s[-1] <= result.duration_s + 0.01


def test_a_transcript_is_punctuated_the_same_over_every_transport(ask, over_grpc):
    transcript = "how are you i am fine thank you"
    text = ask("punctuate", transcript)
    assert text == over_grpc.punctuate(transcript)
    assert len(text.split()) == len(transcript.split())


def test_a_file_above_grpcs_default_message_size_is_recognised(ask):
    file = io.BytesIO()
    soundfile.write(file, np.zeros(150 * 16_000), 16_000, format="WAV", subtype="PCM_16")
    assert len(file.getvalue()) > 4 * 2**20
    assert ask("transcribe", file.getvalue()).duration_s == 150


def test_health_is_good(ask):
    health = ask("health")
    assert health.ok
    assert health.server == "triton"
    assert all(model.versions for model in health.models.values())


@pytest.mark.parametrize("content", [b"", b"only text", b"RIFF\x00\x00"])
def test_a_file_that_is_no_audio_is_refused_by_the_tensors_name(ask, content):
    with pytest.raises(InvalidRequestError, match=r"^audio_bytes: expected "):
        ask("transcribe", content)


def test_a_single_sample_is_refused_by_the_tensors_name(ask):
    with pytest.raises(InvalidRequestError, match=r"^audio"):
        ask("transcribe", np.zeros(1, np.float32))


def test_a_model_that_is_not_served_is_not_found(ask):
    with pytest.raises(ModelNotFoundError, match="no_such_model"):
        ask("wait_until_ready", 0.0, ["no_such_model"])


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_concurrent_requests_get_their_own_answers(server, over_grpc, protocol):
    paths = sorted(RECORDINGS.glob("*.flac")) * 3

    async def transcribe_all():
        async with AsyncClient(getattr(server, f"{protocol}_url"), protocol=protocol) as client:
            return await asyncio.gather(*map(client.transcribe, paths))

    alone = {path: over_grpc.transcribe(path) for path in set(paths)}
    for path, result in zip(paths, asyncio.run(transcribe_all()), strict=True):
        assert result.transcript == alone[path].transcript
        assert result.text == alone[path].text


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_one_bad_request_among_good_ones_fails_alone(server, over_grpc, protocol):
    good = sorted(RECORDINGS.glob("*.flac"))[:3]

    async def transcribe_all():
        async with AsyncClient(getattr(server, f"{protocol}_url"), protocol=protocol) as client:
            calls = map(client.transcribe, [*good, b"only text"])
            return await asyncio.gather(*calls, return_exceptions=True)

    *answers, refusal = asyncio.run(transcribe_all())
    assert isinstance(refusal, InvalidRequestError)
    assert [answer.text for answer in answers] == [over_grpc.transcribe(path).text for path in good]


def test_a_server_that_is_starting_is_waited_for(tmp_path):
    starting = TritonServer(ServerOptions(ports=Ports.free()), log=tmp_path / "tritonserver.log")
    with Client(starting.grpc_url, retries=0) as client:
        try:
            starting.start()
            with pytest.raises(ServerUnavailableError):
                client.punctuate("too early")
            client.wait_until_ready(120)
            assert client.health().ok
        finally:
            starting.close()
        with pytest.raises(ServerUnavailableError):
            client.punctuate("too late")
