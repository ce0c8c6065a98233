"""`POST /v1/audio/transcriptions` and `/v1/audio/translations`."""

from __future__ import annotations

import os
from typing import Annotated, Any, BinaryIO, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ValidationError
from tritone_client import captions

from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.openai import names, transcripts
from tritone_gateway.routers.openai.errors import renamed, shown
from tritone_gateway.routers.openai.events import EVENT_STREAM, events
from tritone_gateway.routers.openai.prompts import boosted
from tritone_gateway.routers.openai.streamed import FIELDS, streamed
from tritone_gateway.routers.streaming import begin, while_connected
from tritone_gateway.schemas.openai import (
    TranscriptionForm,
    TranslationForm,
)
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.services import Services, services
from tritone_gateway.settings.openai import OpenAISettings

router = APIRouter()
Form = TypeVar("Form", bound=BaseModel)
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
        form = _parsed(TranscriptionForm, content.multi_items())
        _check(form, using.settings)
        choices = await _choices(form, using)
        if form.stream:
            source = streamed(_kept(form), choices, using.backend, "logprobs" in form.include)
            return await begin(request, events(source), EVENT_STREAM)
        audio = await form.file.read()
    with renamed(FIELDS):
        found = await while_connected(request, using.backend.transcribe(audio, choices))
    if form.response_format == "verbose_json":
        language = using.settings.openai_language_name
        return JSONResponse(transcripts.verbose(found, form.timestamp_granularities, language).content())
    if form.response_format == "json":
        return JSONResponse(transcripts.plain(found, "logprobs" in form.include).content())
    written = found.written_text is not None
    if form.response_format == "srt":
        return Response(captions.srt(found, written=written), media_type=_SUBRIP)
    if form.response_format == "vtt":
        return Response(captions.vtt(found, written=written), media_type="text/vtt")
    return PlainTextResponse(transcripts.text_of(found) + "\n")


@router.post("/translations", openapi_extra=_form_of(TranslationForm))
async def translate(
    request: Request, caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))]
) -> Response:
    """Refuse: there is no translator."""
    async with request.form() as content:
        _parsed(TranslationForm, content.multi_items())
    raise BadRequestError(
        "translations: expected a translator to be configured, and there is none; "
        "use /v1/audio/transcriptions and translate the text."
    )


async def _choices(form: TranscriptionForm, using: Services) -> RecognitionChoices:
    settings = using.settings
    return RecognitionChoices(
        model=await names.recogniser(form.model, settings, using.offered),
        written=settings.openai_figures,
        boost=boosted(
            form.prompt, form.keywords, settings.openai_prompt_weight, settings.openai_keyword_weight
        ),
    )


def _check(form: TranscriptionForm, settings: OpenAISettings) -> None:
    """Raise BadRequestError for what cannot be answered, before anything is recognised."""
    if form.response_format == "diarized_json" or form.known_speaker_names:
        param = "known_speaker_names" if form.known_speaker_names else "response_format"
        raise BadRequestError(
            f"{param}: expected no request for speakers, as the recognisers do not tell speakers apart; "
            "use json or verbose_json.",
            param=param,
        )
    languages = [*form.languages, *([form.language] if form.language else [])]
    known = (settings.openai_language, settings.openai_language_name)
    if languages and not any(language.lower().split("-")[0] in known for language in languages):
        param = "language" if form.language else "languages"
        raise BadRequestError(
            f"{param}: expected {settings.openai_language}, the language of the recognisers, "
            f"got {', '.join(map(shown, languages[:5]))}.",
            param=param,
        )
    if form.timestamp_granularities and form.response_format != "verbose_json":
        raise BadRequestError(
            "timestamp_granularities: expected response_format verbose_json with it, "
            f"got {form.response_format}.",
            param="timestamp_granularities",
        )
    if form.include and form.response_format != "json":
        raise BadRequestError(
            f"include: expected response_format json with logprobs, got {form.response_format}; "
            "the segments of verbose_json have avg_logprob.",
            param="include",
        )
    if form.stream and form.response_format not in ("json", "text"):
        raise BadRequestError(
            f"stream: expected response_format json or text, got {form.response_format}; "
            "captions and times are of the whole recording.",
            param="stream",
        )
    if not form.file.size:
        raise BadRequestError("file: expected a recording, got an empty file.", param="file")


def _kept(form: TranscriptionForm) -> BinaryIO:
    """Return the uploaded file once more, since the form is closed before the response is sent."""
    uploaded = form.file.file
    uploaded.flush()
    kept = os.fdopen(os.dup(uploaded.fileno()), "rb")
    kept.seek(0)
    return kept


def _parsed(form: type[Form], items: list[tuple[str, Any]]) -> Form:
    """Read the fields of a form; lists are sent as `name[]`, or as `name` several times.

    Raises:
        RequestValidationError: a field is missing or breaks a rule.
    """
    fields: dict[str, Any] = {}
    for sent, value in items:
        name = sent.removesuffix("[]")
        field = form.model_fields.get(name)
        if field is not None and str(field.annotation).startswith("list"):
            fields.setdefault(name, []).append(value)
        else:
            fields[name] = value
    try:
        return form.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False)) from error
