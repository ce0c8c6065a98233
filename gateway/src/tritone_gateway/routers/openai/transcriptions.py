"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel
from tritone_client import Transcription, captions

from tritone_gateway.audio.containers import check_duration
from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.backend.stretches import Stretch
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.openai import names, transcripts
from tritone_gateway.routers.openai.errors import renamed
from tritone_gateway.routers.openai.events import EVENT_STREAM, events
from tritone_gateway.routers.openai.forms import check, kept, parsed
from tritone_gateway.routers.openai.prompts import boosted
from tritone_gateway.routers.openai.streamed import FIELDS, recording_stretches, text_events
from tritone_gateway.routers.streaming import begin, while_connected
from tritone_gateway.schemas.openai import TranscriptionForm, TranslationForm
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.services import Services, services
from tritone_gateway.settings.openai import OpenAISettings

router = APIRouter()
_API = "openai_transcriptions"  # in metrics
_SUBRIP = "application/x-subrip; charset=utf-8"


def _form_of(request: type[BaseModel]) -> dict[str, Any]:
    """The documentation of a form's fields."""
    schema = request.model_json_schema()
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


@router.post("/transcriptions", openapi_extra=_form_of(TranscriptionForm))
async def transcribe(
    request: Request,
    caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))],
    using: Annotated[Services, Depends(services)],
) -> Response:
    """Recognise a recording."""
    async with request.form() as content:
        form = parsed(TranscriptionForm, content.multi_items())
        check(form, using.settings)
        await check_duration(form.file.file, form.file.size or 0, using.settings.max_duration_s)
        choices = await _choices(form, using)
        if form.stream:
            file, longest_s = kept(form), using.settings.max_duration_s
            stretches = _counted(recording_stretches(file, choices, using.backend, longest_s), caller, using)
            source = text_events(file, stretches, "logprobs" in form.include)
            return await begin(request, events(source), EVENT_STREAM)
        audio = await form.file.read()
    with renamed(FIELDS):
        found = await while_connected(request, using.backend.transcribe(audio, choices))
    using.metrics.audio_seconds(_API, caller, found.duration_s or 0.0)
    return _response(found, form, using.settings)


@router.post("/translations", openapi_extra=_form_of(TranslationForm))
async def translate(
    request: Request, caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))]
) -> Response:
    """Refuse: there is no translator."""
    async with request.form() as content:
        parsed(TranslationForm, content.multi_items())
    raise BadRequestError(
        "translations: expected a translator to be configured, and there is none; "
        "use /v1/audio/transcriptions and translate the text."
    )


def _response(found: Transcription, form: TranscriptionForm, settings: OpenAISettings) -> Response:
    """Return a transcription in the form that was asked for."""
    if form.response_format == "verbose_json":
        language = settings.openai_language_name
        return JSONResponse(transcripts.verbose(found, form.timestamp_granularities, language).content())
    if form.response_format == "json":
        return JSONResponse(transcripts.plain(found, "logprobs" in form.include).content())
    written = found.written_text is not None
    if form.response_format == "srt":
        return Response(captions.srt(found, written=written), media_type=_SUBRIP)
    if form.response_format == "vtt":
        return Response(captions.vtt(found, written=written), media_type="text/vtt")
    return PlainTextResponse(transcripts.text_of(found) + "\n")


async def _counted(
    stretches: AsyncGenerator[Stretch, None], caller: Caller, using: Services
) -> AsyncGenerator[Stretch, None]:
    """Count the audio that was recognised."""
    counted_s = 0.0
    async with aclosing(stretches):
        async for stretch in stretches:
            using.metrics.audio_seconds(_API, caller, stretch.end_s - counted_s)
            counted_s = stretch.end_s
            yield stretch


async def _choices(form: TranscriptionForm, using: Services) -> RecognitionChoices:
    settings = using.settings
    return RecognitionChoices(
        model=await names.recogniser(form.model, settings, using.offered),
        written=settings.openai_figures,
        boost=boosted(
            form.prompt, form.keywords, settings.openai_prompt_weight, settings.openai_keyword_weight
        ),
    )
