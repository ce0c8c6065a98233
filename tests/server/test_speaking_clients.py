"""The client library speaks texts on the real server: sync and asyncio, gRPC and HTTP."""

from __future__ import annotations

import asyncio
import io
from operator import methodcaller

import numpy as np
import pytest
import soundfile
from tritone_client import AsyncClient, Client, InvalidRequestError, RequestTimeoutError
from tritone_client.synthesis import FORMATS

VARIANTS = [(kind, protocol) for kind in ("sync", "asyncio") for protocol in ("grpc", "http")]
TEXT = "Hello there. How are you?"
UNSPEAKABLE = "?!"
CODEC_S = 0.1  # MP3 and Opus begin and end with whole frames


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def ask(server, request):
    """A function that calls one method of a client; of a method that yields, it returns the list."""
    kind, protocol = request.param
    url = getattr(server, f"{protocol}_url")

    async def ask_async(call):
        async with AsyncClient(url, protocol=protocol) as client:
            answer = call(client)
            return await answer if asyncio.iscoroutine(answer) else [item async for item in answer]

    def ask_sync(call):
        with Client(url, protocol=protocol) as client:
            answer = call(client)
            return list(answer) if hasattr(answer, "send") else answer

    def ask(method, *arguments, **keywords):
        call = methodcaller(method, *arguments, **keywords)
        return ask_sync(call) if kind == "sync" else asyncio.run(ask_async(call))

    return ask


@pytest.fixture(scope="module")
def over_grpc(server):
    """A client whose answers the others are compared with."""
    with Client(server.grpc_url) as client:
        yield client


def test_equal_seeds_give_equal_samples_over_every_transport(ask, over_grpc):
    speech, same = ask("synthesize", TEXT, seed=7), over_grpc.synthesize(TEXT, seed=7)
    assert speech.sample_rate_hz == same.sample_rate_hz
    np.testing.assert_array_equal(speech.samples, same.samples)


def test_every_parameter_has_its_effect_over_every_transport(ask):
    plain = ask("synthesize", TEXT, seed=7)
    for other in ({"seed": 8}, {"speed": 0.8}, {"sigma": 0.31}, {"denoise": 0.5}):
        changed = ask("synthesize", TEXT, **{"seed": 7, **other})
        assert not np.array_equal(changed.samples, plain.samples), other
    assert ask("synthesize", TEXT, seed=7, speed=0.8).duration_s > plain.duration_s


@pytest.mark.parametrize("format_", FORMATS)
def test_a_file_is_as_long_as_the_samples(ask, over_grpc, format_):
    speech = over_grpc.synthesize(TEXT, seed=7)
    content = ask("synthesize_encoded", TEXT, format_, seed=7)
    if format_ == "pcm":
        assert len(content) == 2 * speech.samples.size
    else:
        length_s = soundfile.info(io.BytesIO(content)).duration
        assert length_s == pytest.approx(speech.duration_s, abs=CODEC_S)


def test_many_texts_come_in_order_and_one_that_fails_fails_alone(ask, over_grpc):
    texts = [TEXT * 3, "Yes.", UNSPEAKABLE, "No."]
    long, yes, refused, no = ask("synthesize_all", texts, seed=7)
    assert isinstance(refused, InvalidRequestError)
    assert str(refused).startswith("text: ")
    for speech, text in ((long, texts[0]), (yes, "Yes."), (no, "No.")):
        np.testing.assert_array_equal(speech.samples, over_grpc.synthesize(text, seed=7).samples)


def test_what_was_spoken_is_recognised_as_the_file_that_it_is(ask, over_grpc):
    content = ask("synthesize_encoded", TEXT, "flac", seed=7)
    assert over_grpc.transcribe(content).duration_s == over_grpc.synthesize(TEXT, seed=7).duration_s


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_a_deadline_ends_a_long_text(server, protocol):
    url = getattr(server, f"{protocol}_url")
    with Client(url, protocol=protocol, timeout_s=0.2) as client, pytest.raises(RequestTimeoutError):
        client.synthesize("One day it rained and the next day it did not. " * 30)
