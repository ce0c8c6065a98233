"""Deepgram's own SDK, unchanged, against the gateway."""

import threading
import time

import pytest
from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.core.events import EventType
from deepgram.environment import DeepgramClientEnvironment
from websockets import InvalidStatus

from tests.gateway.listen.talking import recording

OPTIONS = {
    "model": "nova-3",
    "language": "en-US",
    "encoding": "linear16",
    "sample_rate": 16000,
    "channels": 1,
    "interim_results": True,
    "smart_format": True,
    "vad_events": True,
    "utterance_end_ms": "1000",
    "endpointing": 300,
    "keyterm": ["Triton"],
}


@pytest.fixture
def environment(gateway):
    socket = gateway.url.replace("http", "ws", 1)
    return DeepgramClientEnvironment(
        base=gateway.url, production=socket, agent=socket, agent_rest=gateway.url
    )


def pieces():
    samples = recording("digits_kal.flac")
    return [samples[start : start + 3200].tobytes() for start in range(0, samples.size, 3200)]


def checked(messages):
    kinds = [message.type for message in messages]
    finals = [message for message in messages if message.type == "Results" and message.is_final]
    assert kinds[0] == "SpeechStarted"
    assert kinds[-1] == "Metadata"
    assert (
        finals[0].channel.alternatives[0].transcript == "8 7 8 4 0 0."
        or finals[0].channel.alternatives[0].words
    )
    assert finals[0].channel.alternatives[0].words[0].confidence > 0
    assert messages[-1].duration > 1


def test_blocking(environment):
    client = DeepgramClient(api_key="any", environment=environment)
    messages, closed = [], threading.Event()
    with client.listen.v1.connect(**OPTIONS) as connection:
        connection.on(EventType.MESSAGE, messages.append)
        connection.on(EventType.CLOSE, lambda _: closed.set())
        threading.Thread(target=connection.start_listening, daemon=True).start()
        for piece in pieces():
            connection.send_media(piece)
        connection.send_keep_alive()
        connection.send_finalize()
        while not any(getattr(message, "from_finalize", False) for message in messages):
            time.sleep(0.01)
        connection.send_close_stream()
        assert closed.wait(20)
    checked(messages)


async def test_asynchronous(environment):
    client = AsyncDeepgramClient(api_key="any", environment=environment)
    async with client.listen.v1.connect(**OPTIONS) as connection:
        for piece in pieces():
            await connection.send_media(piece)
        await connection.send_close_stream()
        checked([message async for message in connection])


def test_a_refusal_says_why(environment):
    client = DeepgramClient(api_key="any", environment=environment)
    # The SDK would make its ApiError of the exception that websockets raised before version 14.
    with pytest.raises(InvalidStatus) as refused:
        client.listen.v1.connect(**{**OPTIONS, "language": "de"}).__enter__()
    assert refused.value.response.status_code == 400
    assert refused.value.response.headers["dg-error"].startswith("language: expected en")
