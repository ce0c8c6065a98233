"""`POST /v1/audio/speech`."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from tritone_client import Speech
from tritone_client.synthesis import SPEEDS

from tritone_gateway.audio.encoders import FORMATS
from tritone_gateway.audio.speech import encoded
from tritone_gateway.backend import SpeakingChoices
from tritone_gateway.errors import BadRequestError
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.routers.openai import names
from tritone_gateway.routers.openai.errors import renamed
from tritone_gateway.routers.openai.events import EVENT_STREAM, events
from tritone_gateway.routers.streaming import begin
from tritone_gateway.schemas.openai import Answer, AudioDelta, AudioDone, SpeechRequest, SpeechUsage
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.services import Services, services

router = APIRouter()
_FIELDS = {"text": "input"}  # by the name in errors
_MEDIA_TYPES = sorted({format.media_type for format in FORMATS.values()} | {EVENT_STREAM})
_DOCUMENTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in _MEDIA_TYPES}}
}


@router.post("/speech", response_class=Response, responses=_DOCUMENTED)
async def speak(
    request: Request,
    wanted: SpeechRequest,
    caller: Annotated[Caller, Depends(allowed(Scope.SYNTHESIZE))],
    using: Annotated[Services, Depends(services)],
) -> Response:
    """Speak a text. The audio is sent while it is made."""
    slowest, fastest = SPEEDS
    if not slowest <= wanted.speed <= fastest:
        raise BadRequestError(
            f"speed: expected {slowest:g} to {fastest:g}, which the voices can do, got {wanted.speed:g}.",
            param="speed",
        )
    if not wanted.input.strip():
        raise BadRequestError("input: expected a text, got an empty one.", param="input")
    voice = await names.voice(wanted.model, wanted.voice_name, using.settings, using.offered)
    choices = SpeakingChoices(voice, wanted.seed, None if wanted.speed == 1 else wanted.speed)
    spoken = _Counted(using.backend.stream_synthesis(wanted.input, choices), using.metrics, caller)
    format = FORMATS[wanted.response_format]
    content = encoded(spoken.chunks(), format)
    if wanted.stream_format == "audio":
        return await begin(request, content, format.media_type)
    return await begin(request, events(_deltas(content, spoken, len(wanted.input))), EVENT_STREAM)


class _Counted:
    """Chunks of speech, and how much of it there was."""

    def __init__(self, chunks: AsyncGenerator[Speech, None], metrics: Metrics, caller: Caller) -> None:
        self._chunks, self._metrics, self._caller = chunks, metrics, caller
        self.seconds = 0.0

    async def chunks(self) -> AsyncGenerator[Speech, None]:
        with renamed(_FIELDS):
            async with aclosing(self._chunks):
                async for speech in self._chunks:
                    self.seconds += speech.duration_s
                    self._metrics.audio_seconds("openai_speech", self._caller, speech.duration_s)
                    yield speech


async def _deltas(
    content: AsyncGenerator[bytes, None], spoken: _Counted, characters: int
) -> AsyncGenerator[Answer, None]:
    async with aclosing(content):
        async for part in content:
            yield AudioDelta(audio=base64.b64encode(part).decode())
    yield AudioDone(usage=SpeechUsage(characters=characters, seconds=round(spoken.seconds, 3)))
