"""Triton as the speech service, through tritone's client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tritone_client import (
    AsyncClient,
    Catalogue,
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    ProcessDiedError,
    RequestTimeoutError,
    ServerNotReadyError,
    ServerUnavailableError,
    Speech,
    Tls,
    Transcription,
    TranscriptionEvent,
    TritoneError,
)

from tritone_gateway.backend import RecognitionChoices, SpeakingChoices
from tritone_gateway.errors import (
    BadRequestError,
    DeadlineError,
    GatewayError,
    InternalError,
    NotFoundError,
    UnavailableError,
)

_BUSY_S, _DOWN_S = 1, 5  # after which another try is worth it
_TEMPORARY = (OverloadedError, ProcessDiedError)
_DOWN = (ServerUnavailableError, ServerNotReadyError)


@dataclass
class _Shared:
    """A client that several requests use; closing it would cancel them all."""

    client: AsyncClient
    users: int = 0
    is_forgotten: bool = False


class TritonBackend:
    """A running Triton with tritone's pipelines.

    Args:
        url: HOST:PORT of its gRPC endpoint.
        overload_wait_s: how long requests are sent again while it turns them away.
        tls: certificates to connect with; None: as the URL says.

    Raises:
        ValueError: the URL is none, or a certificate cannot be used.
    """

    def __init__(self, url: str, overload_wait_s: float, tls: Tls | None = None) -> None:
        self._url, self._tls = url, tls
        self._overload_wait_s = overload_wait_s
        self._clients: dict[str, _Shared] = {}  # by recogniser or voice
        self._closing: set[asyncio.Task[None]] = set()
        self._client("")  # tells now what is wrong with the arguments

    async def transcribe(
        self, audio: bytes | Path | NDArray[np.float32], choices: RecognitionChoices
    ) -> Transcription:
        """Recognise a recording of any usual format, or samples of 16 kHz mono in [-1, 1]."""
        with self._asked(choices.model, "audio") as client:
            return await client.transcribe(audio, alternatives=choices.alternatives, **_recognition(choices))

    async def stream_transcription(
        self,
        chunks: AsyncIterable[NDArray[np.int16]],
        sample_rate_hz: int,
        choices: RecognitionChoices,
        *,
        interim: bool = True,
        stop_history_ms: int | None = None,
    ) -> AsyncGenerator[TranscriptionEvent, None]:
        """Recognise mono samples while they come in; `stop_history_ms` of quiet end a segment."""
        with self._asked(choices.model, "audio") as client:
            events = client.stream_transcription(
                chunks,
                sample_rate_hz=sample_rate_hz,
                interim=interim,
                stop_history_ms=stop_history_ms,
                **_recognition(choices),
            )
            async with aclosing(events):
                async for event in events:
                    yield event

    async def punctuate(self, text: str) -> str:
        """Add punctuation and capitals to a transcript."""
        with self._asked("", "text") as client:
            return await client.punctuate(text)

    async def stream_synthesis(
        self, text: str | AsyncIterable[str], choices: SpeakingChoices
    ) -> AsyncGenerator[Speech, None]:
        """Speak a text, or pieces of one, and yield the speech in chunks as it is made."""
        with self._asked(choices.model, "text") as client:
            chunks = client.stream_synthesis(text, seed=choices.seed, speed=choices.speed)
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk

    async def synthesize(self, text: str, choices: SpeakingChoices) -> Speech:
        """Speak a text."""
        with self._asked(choices.model, "text") as client:
            return await client.synthesize(text, seed=choices.seed, speed=choices.speed)

    async def catalogue(self) -> Catalogue:
        """Return the recognisers and voices that there are."""
        with self._asked("") as client:
            return await client.models()

    async def check_ready(self) -> None:
        """Return once the service can be used; raises `UnavailableError` at once if it cannot."""
        try:
            with self._asked("") as client:
                await client.wait_until_ready()
        except NotFoundError as error:  # a server without any of the models is no speech server
            raise UnavailableError(error.message, retry_after_s=_DOWN_S) from error

    async def close(self) -> None:
        """Close the connections."""
        for shared in self._clients.values():
            await shared.client.close()
        await asyncio.gather(*self._closing)

    @contextmanager
    def _asked(self, model: str, param: str | None = None) -> Iterator[AsyncClient]:
        """Ask about a model; raise the client's errors as those of the gateway."""
        shared = self._client(model)
        shared.users += 1
        try:
            yield shared.client
        except TritoneError as error:
            if isinstance(error, ModelNotFoundError) and model:
                self._clients.pop(model, None)  # callers could name any number of models that there are not
                shared.is_forgotten = True
            raise gateway_error(error, param) from error
        finally:
            shared.users -= 1
            if shared.is_forgotten and not shared.users:
                self._close_later(shared.client)

    def _client(self, model: str) -> _Shared:
        if model not in self._clients:
            self._clients[model] = _Shared(
                AsyncClient(self._url, model=model, overload_wait_s=self._overload_wait_s, tls=self._tls)
            )
        return self._clients[model]

    def _close_later(self, client: AsyncClient) -> None:
        task = asyncio.create_task(client.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def _recognition(choices: RecognitionChoices) -> dict[str, Any]:
    return {
        "written": choices.written,
        "decoder": choices.decoder,
        "boost": choices.boost,
        "vad": choices.vad,
    }


def gateway_error(error: TritoneError, param: str | None = None) -> GatewayError:
    """Return the error that the gateway's callers see for one of the client's."""
    if isinstance(error, InvalidRequestError):
        return BadRequestError(str(error), param=param)
    if isinstance(error, ModelNotFoundError):
        return NotFoundError(str(error), param="model")
    if isinstance(error, _TEMPORARY):
        return UnavailableError("The speech server has no room for this request now.", retry_after_s=_BUSY_S)
    if isinstance(error, _DOWN):
        return UnavailableError("The speech server is not ready.", retry_after_s=_DOWN_S)
    if isinstance(error, RequestTimeoutError):
        return DeadlineError("The speech server did not answer in time.")
    return InternalError("The speech server failed; its log has the reason.")
