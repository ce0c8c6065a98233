"""What a connection must not do, and what happens to it when the recogniser fails."""

import asyncio
import contextlib
from dataclasses import replace

import numpy as np
import pytest
import websockets
from fastapi.requests import HTTPConnection
from tritone_client import Catalogue, Final, Transcription
from tritone_gateway.backend.offered import Offered
from tritone_gateway.errors import UnavailableError
from tritone_gateway.services import services
from tritone_gateway.settings import Settings

from tests.gateway.listen.talking import RAW, Call, call, recording, refusal, silence, transcripts, url
from tests.gateway.serving import RunningGateway


class Recogniser:
    """A backend that hears "so" in every stream, unless it is told to fail."""

    def __init__(self):
        self.error = None
        self.down = None
        self.held = False
        self.streams = self.closed = 0

    async def check_ready(self):
        if self.down:
            raise self.down

    async def catalogue(self):
        return Catalogue((), ())

    async def stream_transcription(self, chunks, sample_rate_hz, choices, **options):
        self.streams += 1
        samples = 0
        try:
            async for chunk in chunks:
                samples += chunk.size
                while self.held:
                    await asyncio.sleep(0.01)
                if self.error:
                    raise self.error
            end_s = samples / sample_rate_hz
            yield Final(Transcription("so", "So.", (), end_s), 0.0, end_s, end_s)
        finally:
            self.closed += 1


def using(backend):
    """Have requests use a backend instead of Triton."""

    def extend(app):
        async def substitute(connection: HTTPConnection):
            return replace(await services(connection), backend=backend, offered=Offered(backend))

        app.dependency_overrides[services] = substitute

    return extend


@pytest.fixture
def recogniser():
    return Recogniser()


@pytest.fixture
def failing(recogniser):
    with RunningGateway(Settings(listen_idle_s=0.5), using(recogniser)) as running:
        yield running


async def test_wrong_parameters_are_refused_before_the_connection(gateway):
    status, body, headers = await refusal(gateway, "encoding=linear16")
    assert status == 400
    assert body["err_code"] == "invalid_request"
    assert body["err_msg"].startswith("sample_rate: ")
    assert headers["dg-error"] == body["err_msg"]


async def test_unknown_models_and_languages_are_refused(gateway):
    status, body, _ = await refusal(gateway, RAW + "&model=of-somebody-else")
    assert (status, body["err_code"]) == (404, "not_found")
    status, body, _ = await refusal(gateway, RAW + "&language=de")
    assert (status, body["err_msg"][:12]) == (400, "language: ex")


def test_the_same_request_without_a_websocket_says_why(http):
    assert http.get("/v1/listen?encoding=linear16").status_code == 400
    fine = http.get(f"/v1/listen?{RAW}&model=nova-3&language=en-US")
    assert fine.status_code == 426
    assert "WebSocket" in fine.json()["err_msg"]


async def test_text_that_is_no_control_message(gateway):
    for text in ("transcribe my secret", '{"type": "Sing"}', "[1]", "7", '{"type": ["KeepAlive"]}'):
        async with call(gateway) as caller:
            await caller.socket.send(text)
            (error,) = await caller.rest()
            assert error["type"] == "Error"
            assert "expected audio in binary frames" in error["description"]
            assert caller.close[0] == 1008
            assert "secret" not in str(error) + caller.close[1]


async def test_half_a_sample_at_the_end_is_told_after_the_results(gateway):
    async with call(gateway) as caller:
        await caller.say(recording("digits_kal.flac"))
        await caller.socket.send(b"\0")
        await caller.tell("CloseStream")
        messages = await caller.rest()
    assert "eight" in transcripts(messages)[0]
    assert [message["type"] for message in messages[-2:]] == ["Metadata", "Error"]
    assert caller.close[0] == 1008
    assert caller.close[1].startswith("audio: expected whole samples of 2 bytes")


async def test_a_file_where_samples_are_expected(gateway):
    async with call(gateway) as caller:
        await caller.socket.send(b"RIFF" + bytes(5000))
        (error,) = await caller.rest()
    assert error["description"] == caller.close[1]
    assert "leave out encoding and sample_rate" in error["description"]


async def test_words_that_the_recogniser_cannot_write_are_refused(gateway):
    async with call(gateway, RAW + "&keyterm=42") as caller:
        await caller.say(silence(0.5))
        (error,) = await caller.rest()
    assert caller.close[0] == 1008
    assert "boost" in error["description"]


async def test_silence_of_the_caller_ends_the_connection(failing):
    async with call(failing) as caller:
        (error,) = await caller.rest()
    assert (error["variant"], caller.close[0]) == ("silent", 1011)
    assert "KeepAlive" in error["description"]


async def test_keep_alive_keeps_the_connection(failing):
    async with call(failing) as caller:
        for _ in range(5):
            await asyncio.sleep(0.2)
            await caller.tell("KeepAlive")
        await caller.tell("CloseStream")
        (summary,) = await caller.rest()
    assert (summary["type"], caller.close[0]) == ("Metadata", 1000)


async def test_a_speech_server_that_is_down_is_told_before_the_connection(failing, recogniser):
    recogniser.down = UnavailableError("The speech server is not ready.", retry_after_s=5)
    status, body, headers = await refusal(failing, RAW)
    assert (status, headers["Retry-After"]) == (503, "5")
    assert body["err_msg"] == "The speech server is not ready."


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UnavailableError("The speech server is full.", retry_after_s=1), 1013),
        (ZeroDivisionError("secret"), 1011),
    ],
)
async def test_a_failing_recogniser_closes_the_connection(failing, recogniser, error, code, caplog):
    recogniser.error = error
    async with call(failing) as caller:
        await caller.say(silence(0.2))
        (message,) = await caller.rest()
    assert caller.close == (code, message["description"])
    assert "secret" not in message["description"]


async def test_a_caller_who_vanishes_ends_the_recognition(failing, recogniser):
    socket = await websockets.connect(url(failing))
    await socket.send(silence(0.2).tobytes())
    while not recogniser.streams:
        await asyncio.sleep(0.01)
    socket.transport.abort()
    while not recogniser.closed:
        await asyncio.sleep(0.01)


async def test_no_more_is_read_than_is_recognised(failing, recogniser):
    """A recogniser that does not go on must not have the gateway take in all that a caller can send."""
    recogniser.held = True
    async with call(failing, compression=None) as caller:
        piece = np.zeros(100_000, np.int16).tobytes()
        sent = 0
        while sent < 200:
            sending = asyncio.create_task(caller.socket.send(piece))
            if not (await asyncio.wait({sending}, timeout=0.5))[0]:
                sending.cancel()
                break
            sent += 1
        recogniser.held = False
        caller.socket.transport.abort()
    assert 0 < sent < 100  # buffers of the system and of both sides


async def test_a_pause_ends_the_stream_of_the_recogniser_but_not_the_connection(
    failing, recogniser, monkeypatch
):
    monkeypatch.setattr("tritone_gateway.routers.listen.recognition.PAUSE_S", 0.1)
    async with call(failing) as caller:
        for count in (1, 2):
            await caller.say(silence(0.2))
            while recogniser.closed < count:
                await asyncio.sleep(0.01)
        await caller.tell("CloseStream")
        messages = await caller.rest()
    assert transcripts(messages) == ["so", "so"]
    assert messages[1]["start"] == pytest.approx(0.2)


async def test_a_large_message_is_refused_by_its_size(failing):
    async with call(failing) as caller:
        with contextlib.suppress(websockets.ConnectionClosed):
            await caller.socket.send(bytes(20_000_000))
        await caller.rest()
    assert caller.close[0] == 1009


async def test_a_gateway_that_stops_sends_what_was_said():
    recogniser = Recogniser()
    with RunningGateway(Settings(), using(recogniser)) as gateway:
        socket = await websockets.connect(url(gateway))
        caller = Call(socket)
        await caller.say(silence(0.2))
        while not recogniser.streams:
            await asyncio.sleep(0.01)
        messages = asyncio.create_task(caller.rest())
        await asyncio.to_thread(gateway.stop)
        assert transcripts(await messages) == ["so"]
    assert caller.close[0] == 1012
