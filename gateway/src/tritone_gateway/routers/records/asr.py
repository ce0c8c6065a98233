"""`/api/asr`: recordings and what was said in them."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from time import perf_counter
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import Field, TypeAdapter, ValidationError

from tritone_gateway.audio import containers
from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.errors import BadRequestError
from tritone_gateway.jobs.recognition import fill
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
from tritone_gateway.schemas.records import AsrBody, PageBody, asr_body
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.storage.records import Selection
from tritone_gateway.storage.tables import Job, Record, now

router = SlashTolerantRouter(prefix="/api/asr", tags=["records"])
_KIND = "asr"
_BOOST: TypeAdapter[dict[str, float]] = TypeAdapter(
    dict[str, Annotated[float, Field(ge=-20, le=20, allow_inf_nan=False)]]
)


def _choices(
    model: Annotated[str, Form(description="Name of a recogniser; empty: the default one.")] = "",
    written: Annotated[bool, Form(description="Whether to give the text with figures, too.")] = False,
    decoder: Annotated[Literal["beam", "greedy"] | None, Form()] = None,
    vad: Annotated[
        Literal["on", "off"] | None, Form(description="Whether to recognise only where somebody speaks.")
    ] = None,
    boost: Annotated[str, Form(description="JSON object of phrases and their weights, -20 to 20.")] = "",
) -> RecognitionChoices:
    """Dependency: how to recognise."""
    try:
        phrases = _BOOST.validate_json(boost) if boost else {}
    except ValidationError:
        raise BadRequestError(
            'boost: expected a JSON object of phrases and weights from -20 to 20, like {"tritone": 5}.',
            param="boost",
        ) from None
    for phrase in phrases:
        checked_text(phrase, "boost", LONGEST_NAME)
    checked_text(model, "model", LONGEST_NAME)
    return RecognitionChoices(model=model, written=written, decoder=decoder, vad=vad, boost=phrases)


@router.post("", status_code=201, responses={202: {"model": AsrBody}})
async def create(
    request: Request,
    response: Response,
    used: Used,
    caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))],
    choices: Annotated[RecognitionChoices, Depends(_choices)],
    audio: Annotated[UploadFile, File(description="The recording, of any usual format.")],
    name: Annotated[str, Form(description="A name for the record.")] = "",
    background: Annotated[
        bool, Query(description="Whether to answer at once and recognise it later.")
    ] = False,
    callback: Annotated[
        str, Form(description="URL that receives the record when it was recognised in the background.")
    ] = "",
) -> AsrBody:
    """Recognise a recording and store it with its text."""
    checked_text(name, "name", LONGEST_NAME)
    if callback and not background:
        raise BadRequestError(
            "callback: expected only with background=true; add it, or leave it out.", param="callback"
        )
    record = Record(kind=_KIND, owner=caller.key_id, name=name, model=choices.model)
    await _describe(record, audio, used.settings.max_duration_s)
    job = None
    if background:
        if callback:
            await used.background.check_callback(callback)
        await used.background.check_room()
        base = base_url(request, used)
        job = Job(choices=asdict(choices), callback=callback or None, base_url=base, due_at=now(), attempts=0)
        response.status_code = 202
    else:
        content, started = await audio.read(), perf_counter()
        result = await while_connected(request, used.backend.transcribe(content, choices))
        fill(record, result, perf_counter() - started)
    await used.records.save(record, audio.file, job)
    used.metrics.audio_seconds(_KIND, caller, record.duration_s or 0.0)
    if job is not None:
        used.background.runner.wake()
    body = asr_body(record, base_url(request, used))
    response.headers["Location"] = f"{base_url(request, used)}{router.prefix}/{record.uuid}"
    return body


@router.get("")
async def listed(
    request: Request, used: Used, caller: Owner, chosen: Annotated[Selection, Depends(selection)]
) -> PageBody[AsrBody]:
    """List the key's recordings, the newest first, without their words."""
    count, found = await used.records.page(caller.key_id, _KIND, chosen)
    base = base_url(request, used)
    return page(request, used, chosen, count, [asr_body(record, base) for record in found])


@router.get("/{uuid}")
async def one(
    request: Request, used: Used, caller: Owner, uuid: Annotated[UUID, Depends(record_uuid)]
) -> AsrBody:
    """Return one record."""
    return asr_body(await used.records.get(caller.key_id, _KIND, uuid), base_url(request, used))


@router.delete("/{uuid}", status_code=204)
async def delete(used: Used, caller: Owner, uuid: Annotated[UUID, Depends(record_uuid)]) -> None:
    """Remove a record and its audio; if it is being recognised, that ends."""
    await used.records.delete(caller.key_id, _KIND, uuid)


async def _describe(record: Record, audio: UploadFile, longest_s: float) -> None:
    if not audio.size:
        raise BadRequestError("audio: expected a recording, got an empty file.", param="audio")
    found = await asyncio.to_thread(containers.inspect, audio.file, "audio")
    if found.duration_s is not None and found.duration_s > longest_s:
        raise containers.too_long(found.duration_s, longest_s, "audio")
    record.audio_suffix = found.container.suffix.removeprefix(".")
    record.audio_type = found.container.media_type
    record.duration_s = found.duration_s
