"""The clients: `Client` for ordinary code, `AsyncClient` for asyncio. Both speak gRPC or HTTP."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, TypeVar

from tritone_client import calls, flows
from tritone_client.attempts import Patience
from tritone_client.calls import PUBLIC_MODELS, Audio
from tritone_client.errors import TritoneError
from tritone_client.results import Health, Transcription
from tritone_client.transports import AsyncTransport, Transport

Protocol = Literal["grpc", "http"]
Result = TypeVar("Result")

DEFAULT_URLS: dict[Protocol, str] = {"grpc": "localhost:8001", "http": "localhost:8000"}
DEFAULT_TIMEOUT_S = 600.0  # hours of audio on a busy CPU take minutes
DEFAULT_RETRIES = 3


class _Settings:
    """What both clients are made with."""

    def __init__(
        self,
        url: str | None = None,
        *,
        protocol: Protocol = "grpc",
        timeout_s: float = DEFAULT_TIMEOUT_S,
        retries: int = DEFAULT_RETRIES,
    ) -> None:
        """Prepare a client; nothing is sent yet.

        Args:
            url: HOST:PORT without scheme; default is port 8001 (gRPC) or 8000 (HTTP) of this machine.
            protocol: "grpc" or "http".
            timeout_s: seconds for one request, all its attempts together.
            retries: further attempts while the server is unavailable; nothing else is retried.

        Raises:
            ValueError: an argument is out of its range.
        """
        self.url = _checked_url(url, protocol)
        self.protocol = protocol
        self._patience = Patience(timeout_s, retries)


class Client(_Settings):
    """A tritone server, for ordinary code.

    One client may be used by several threads at once. Every method raises a `TritoneError`; see
    `tritone_client.errors` for the tree.
    """

    _transport: Transport | None = None  # made by the first request
    _opening = threading.Lock()

    def transcribe(self, audio: Audio) -> Transcription:
        """Return what is said in a recording.

        Args:
            audio: path of an audio file (WAV, FLAC, OGG, MP3; any rate, any number of channels); or the
                bytes of one; or an array of (N,) float32 samples, 16 kHz mono in [-1, 1].

        Raises:
            OSError: the file cannot be read.
        """
        return self._run(flows.complete(calls.transcribe(audio), self._patience))

    def punctuate(self, text: str) -> str:
        """Return a transcript with punctuation and capitals."""
        return self._run(flows.complete(calls.punctuate(text), self._patience))

    def health(self) -> Health:
        """Return the state of the server and of each public model; raises when nobody answers."""
        return self._run(flows.health(self._patience))

    def wait_until_ready(self, wait_s: float = 0.0, models: Iterable[str] = PUBLIC_MODELS) -> None:
        """Return once the server can run the models; raise the reason when it cannot after `wait_s` seconds.

        Raises:
            ServerUnavailableError: nobody answers at the address.
            ServerNotReadyError: the server is still loading the models.
            ModelNotFoundError: the server does not have the models.
        """
        self._run(flows.wait_until_ready(models, wait_s, self._patience))

    def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            self._transport.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self, flow: flows.Flow[Result]) -> Result:
        with self._opening:
            if self._transport is None:
                self._transport = _transport(self.url, self.protocol)
        run = flows.Run(flow)
        while run.step is not None:
            if isinstance(run.step, flows.Pause):
                time.sleep(run.step.seconds)
                run.answer(None)
                continue
            try:
                answer = self._transport.ask(run.step.question, run.step.timeout_s)
            except TritoneError as error:
                run.fail(error)
            else:
                run.answer(answer)
        return run.result


class AsyncClient(_Settings):
    """A tritone server, for asyncio; the same methods as `Client`, to be awaited in one event loop."""

    _transport: AsyncTransport | None = None  # made by the first request, in its event loop

    async def transcribe(self, audio: Audio) -> Transcription:
        """Return what is said in a recording; see `Client.transcribe`."""
        call = await asyncio.to_thread(calls.transcribe, audio)  # reads the file
        return await self._run(flows.complete(call, self._patience))

    async def punctuate(self, text: str) -> str:
        """Return a transcript with punctuation and capitals."""
        return await self._run(flows.complete(calls.punctuate(text), self._patience))

    async def health(self) -> Health:
        """Return the state of the server and of each public model; raises when nobody answers."""
        return await self._run(flows.health(self._patience))

    async def wait_until_ready(self, wait_s: float = 0.0, models: Iterable[str] = PUBLIC_MODELS) -> None:
        """Return once the server can run the models; see `Client.wait_until_ready`."""
        await self._run(flows.wait_until_ready(models, wait_s, self._patience))

    async def close(self) -> None:
        """Close all connections."""
        if self._transport is not None:
            await self._transport.close()

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, flow: flows.Flow[Result]) -> Result:
        if self._transport is None:
            self._transport = _async_transport(self.url, self.protocol)
        run = flows.Run(flow)
        while run.step is not None:
            if isinstance(run.step, flows.Pause):
                await asyncio.sleep(run.step.seconds)
                run.answer(None)
                continue
            try:
                answer = await self._transport.ask(run.step.question, run.step.timeout_s)
            except TritoneError as error:
                run.fail(error)
            else:
                run.answer(answer)
        return run.result


def _checked_url(url: str | None, protocol: Protocol) -> str:
    if protocol not in DEFAULT_URLS:
        raise ValueError(f"protocol: expected grpc or http, got {protocol!r}.")
    if url is None:
        return DEFAULT_URLS[protocol]
    host, _, port = url.rpartition(":")
    if not host or "/" in url or not port.isdecimal():
        raise ValueError(f"url: expected HOST:PORT without scheme or path, got {url!r}; try localhost:8001.")
    return url


# The transports are imported when they are needed: gRPC and gevent each take a moment to load.
def _transport(url: str, protocol: Protocol) -> Transport:
    if protocol == "grpc":
        from tritone_client.transports.grpc import GrpcTransport

        return GrpcTransport(url)
    from tritone_client.transports.http import HttpTransport

    return HttpTransport(url)


def _async_transport(url: str, protocol: Protocol) -> AsyncTransport:
    if protocol == "grpc":
        from tritone_client.transports.grpc import AsyncGrpcTransport

        return AsyncGrpcTransport(url)
    from tritone_client.transports.http import AsyncHttpTransport

    return AsyncHttpTransport(url)
