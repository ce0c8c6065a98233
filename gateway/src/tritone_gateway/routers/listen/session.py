"""One connection of live transcription, from its acceptance to its closing."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timezone
from typing import Any

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel

from tritone_gateway.backend import RecognitionChoices, SpeechBackend
from tritone_gateway.errors import BadRequestError, GatewayError, unforeseen
from tritone_gateway.process.draining import SERVICE_RESTART
from tritone_gateway.routers.listen.closing import SilentError, close_with
from tritone_gateway.routers.listen.parameters import ListenParameters
from tritone_gateway.routers.listen.recognition import Control, Recognition
from tritone_gateway.routers.listen.reporting import Reporter
from tritone_gateway.schemas.listen import MetadataMessage

_CONTROLS = {"Finalize": Control.FINALIZE, "CloseStream": Control.CLOSE, "KeepAlive": None}

_log = logging.getLogger(__name__)


class Session:
    """A connection that has been accepted.

    Args:
        idle_s: how long the caller may send nothing.
        stopping: the process is asked to stop: what has been said is recognised, and the connection closed.
    """

    def __init__(
        self,
        websocket: WebSocket,
        backend: SpeechBackend,
        parameters: ListenParameters,
        model: str,
        request_id: str,
        idle_s: float,
        stopping: asyncio.Event,
    ) -> None:
        self._websocket = websocket
        self._parameters = parameters
        self._request_id = request_id
        self._idle_s = idle_s
        self._stopping = stopping
        # One message waits. Beyond it nothing is read, so that nobody can send faster than is recognised.
        self._messages: asyncio.Queue[bytes | Control] = asyncio.Queue(1)
        self._reporter = Reporter(parameters, request_id, model)
        choices = RecognitionChoices(model, written=parameters.written, boost=parameters.boost)
        self._recognition = Recognition(
            backend, parameters, choices, self._reporter, self._messages, self._send
        )
        self._created = datetime.now(timezone.utc)

    @property
    def audio_s(self) -> float:
        """Seconds of audio recognised so far."""
        return self._recognition.audio_s

    async def run(self) -> None:
        """Serve until either side ends the connection. Errors are told to the caller, not raised."""
        reading = asyncio.create_task(self._read())
        recognising = asyncio.create_task(self._recognise())
        tasks = {reading, recognising, asyncio.create_task(self._stop())}
        try:
            await asyncio.wait({reading, recognising}, return_when=asyncio.FIRST_COMPLETED)
            ended = recognising if recognising.done() else reading
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._recognition.close()
        await self._close(ended.exception())

    async def _close(self, error: BaseException | None) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):  # RuntimeError: it has been closed meanwhile
            if isinstance(error, WebSocketDisconnect):
                return
            if error is None and self._stopping.is_set():
                await self._websocket.close(SERVICE_RESTART, "The gateway is stopping; connect again.")
                return
            if error is None:
                await self._websocket.close()
                return
            if not isinstance(error, GatewayError):
                _log.error("live transcription %s failed", self._request_id, exc_info=error)
                error = unforeseen()
            await close_with(self._websocket, error, self._request_id)

    async def _read(self) -> None:
        """Take messages until the caller is gone."""
        closing = False
        while True:
            try:
                message = await asyncio.wait_for(self._websocket.receive(), None if closing else self._idle_s)
            except asyncio.TimeoutError:
                raise SilentError(
                    f"connection: expected a message at least every {self._idle_s:g} s; send audio, or "
                    '{"type": "KeepAlive"} in pauses.'
                ) from None
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1006))
            if closing:
                continue  # nothing counts any more, but the caller may leave
            content = _content(message)
            closing = content is Control.CLOSE
            if content is not None:
                await self._messages.put(content)

    async def _stop(self) -> None:
        """End the connection in order when the process stops."""
        await self._stopping.wait()
        await self._messages.put(Control.CLOSE)

    async def _recognise(self) -> None:
        await self._recognition.run()
        await self._send(self._summary())
        self._recognition.check_complete()

    def _summary(self) -> MetadataMessage:
        created = self._created.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return MetadataMessage(
            request_id=self._request_id,
            sha256=self._recognition.digest.hexdigest(),
            created=created,
            duration=round(self.audio_s, 4),
            channels=1,
            models=[self._reporter.model_uuid],
            model_info={self._reporter.model_uuid: self._reporter.model},
        )

    async def _send(self, message: BaseModel) -> None:
        await self._websocket.send_text(message.model_dump_json(exclude_none=True))


def _content(message: Mapping[str, Any]) -> bytes | Control | None:
    """Return the audio or the control of a message; None: it only shows that the caller is there."""
    audio = message.get("bytes")
    if audio is not None:
        content: bytes = audio
        return (
            content or Control.CLOSE
        )  # an empty message was the end of a stream before there was CloseStream
    try:
        kind = json.loads(message["text"])["type"]
        return _CONTROLS[kind]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise BadRequestError(
            "message: expected audio in binary frames, or one of "
            + ", ".join(f'{{"type": "{name}"}}' for name in _CONTROLS)
            + " as text, got other text."
        ) from None
