"""`/api/tts`: texts and their speech."""

from __future__ import annotations

import json
from tempfile import TemporaryFile
from time import perf_counter
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from tritone_gateway.audio.encoders import FORMATS
from tritone_gateway.audio.speech import write
from tritone_gateway.backend import SpeakingChoices
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.records.common import (
    LONGEST_NAME,
    Owner,
    Used,
    base_url,
    checked_text,
    page,
    record_uuid,
    selection,
)
from tritone_gateway.routers.slashes import SlashTolerantRouter
from tritone_gateway.routers.streaming import while_connected
from tritone_gateway.schemas.records import PageBody, TtsBody, TtsRequest, tts_body
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.storage.records import Selection
from tritone_gateway.storage.tables import Record

router = SlashTolerantRouter(prefix="/api/tts", tags=["records"])
_KIND = "tts"
_SCHEMA = {"schema": TtsRequest.model_json_schema()}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": _SCHEMA,
            "application/x-www-form-urlencoded": _SCHEMA,
            "multipart/form-data": _SCHEMA,
        },
    }
}


@router.post("", status_code=201, openapi_extra=_BODY)
async def create(
    request: Request,
    response: Response,
    used: Used,
    caller: Annotated[Caller, Depends(allowed(Scope.SYNTHESIZE))],
) -> TtsBody:
    """Speak a text and store it with its speech."""
    asked = await _asked(request)
    format = FORMATS[asked.format]
    record = Record(
        kind=_KIND,
        owner=caller.key_id,
        name=asked.name,
        text=asked.text,
        model=asked.model,
        audio_suffix=format.suffix.removeprefix("."),
        audio_type=format.media_type,
    )
    choices = SpeakingChoices(asked.model, asked.seed, asked.speed)
    with TemporaryFile() as file:
        started = perf_counter()
        chunks = used.backend.stream_synthesis(asked.text, choices)
        record.duration_s = await while_connected(request, write(chunks, format, file))
        record.inference_time_s = round(perf_counter() - started, 4)
        await used.records.save(record, file)
    used.metrics.audio_seconds(_KIND, caller, record.duration_s)
    response.headers["Location"] = f"{base_url(request, used)}{router.prefix}/{record.uuid}"
    return tts_body(record, base_url(request, used))


@router.get("")
async def listed(
    request: Request, used: Used, caller: Owner, chosen: Annotated[Selection, Depends(selection)]
) -> PageBody[TtsBody]:
    """List the key's spoken texts, the newest first."""
    count, found = await used.records.page(caller.key_id, _KIND, chosen)
    base = base_url(request, used)
    return page(request, used, chosen, count, [tts_body(record, base) for record in found])


@router.get("/{uuid}")
async def one(
    request: Request, used: Used, caller: Owner, uuid: Annotated[UUID, Depends(record_uuid)]
) -> TtsBody:
    """Return one record."""
    return tts_body(await used.records.get(caller.key_id, _KIND, uuid), base_url(request, used))


@router.delete("/{uuid}", status_code=204)
async def delete(used: Used, caller: Owner, uuid: Annotated[UUID, Depends(record_uuid)]) -> None:
    """Remove a record and its speech."""
    await used.records.delete(caller.key_id, _KIND, uuid)


async def _asked(request: Request) -> TtsRequest:
    """Return what a body of any of the usual forms asks for."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
        form = await request.form(max_files=0)
        fields: Any = {name: value for name, value in form.items() if value != ""}
    elif kind in ("application/json", ""):
        try:
            fields = json.loads(await request.body())
        except (ValueError, RecursionError):
            raise BadRequestError("body: expected JSON.") from None
    else:
        raise BadRequestError(f"Content-Type: expected application/json or a form, got {kind[:100]}.")
    try:
        asked = TtsRequest.model_validate(fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_input=False)) from None
    checked_text(asked.name, "name", LONGEST_NAME)
    checked_text(asked.model, "model", LONGEST_NAME)
    checked_text(asked.text, "text")
    return asked
