"""The multipart forms of transcriptions: reading them, and what cannot be answered."""

from __future__ import annotations

import os
from typing import Any, BinaryIO, TypeVar

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.openai.errors import shown
from tritone_gateway.schemas.openai import TranscriptionForm
from tritone_gateway.settings.openai import OpenAISettings

Form = TypeVar("Form", bound=BaseModel)


def parsed(form: type[Form], items: list[tuple[str, Any]]) -> Form:
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


def check(form: TranscriptionForm, settings: OpenAISettings) -> None:
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


def kept(form: TranscriptionForm) -> BinaryIO:
    """Return the uploaded file once more, since the form is closed before the response is sent."""
    uploaded = form.file.file
    uploaded.flush()
    kept = os.fdopen(os.dup(uploaded.fileno()), "rb")
    kept.seek(0)
    return kept
