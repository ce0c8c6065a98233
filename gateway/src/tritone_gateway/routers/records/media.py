"""`/media`: the audio of records."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from tritone_gateway.error_forms import detail_form
from tritone_gateway.errors import NotFoundError, RangeError
from tritone_gateway.routers.records.common import Owner, Used, record_uuid
from tritone_gateway.routers.records.ranges import UnsatisfiableRangeError, http_date, is_known, wanted
from tritone_gateway.routers.slashes import SlashTolerantRouter
from tritone_gateway.routers.streaming import StreamResponse
from tritone_gateway.storage.records import stored_audio
from tritone_gateway.storage.tables import Record

router = SlashTolerantRouter(prefix="/media", tags=["records"])
_PATH = "/{kind}/{uuid}.{suffix}"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    206: {"description": "The range that was asked for"},
    304: {"description": "The caller has it"},
    416: {"description": "No such range"},
}


@router.head(_PATH, include_in_schema=False)
@router.get(_PATH, response_class=Response, responses=_RESPONSES)
async def media(
    request: Request,
    used: Used,
    caller: Owner,
    kind: str,
    uuid: Annotated[UUID, Depends(record_uuid)],
    suffix: str,
    download: Annotated[bool, Query(description="Whether a browser should save it.")] = False,
) -> Response:
    """Return the audio of one of the key's records, or a range of it."""
    record = await used.records.get(caller.key_id, kind, uuid)
    if record.audio_suffix != suffix:
        raise NotFoundError(f"{uuid}: expected .{record.audio_suffix}; the record has the address.")
    audio = stored_audio(record)
    etag = f'"{audio.digest}"'
    headers = _headers(record, etag, download)
    if is_known(request.headers, etag):
        return Response(status_code=304, headers=headers)
    try:
        part = wanted(request.headers, audio.size, etag, record.created_at)
    except UnsatisfiableRangeError:
        error = RangeError(f"Range: expected bytes within the {audio.size} of the file.")
        return JSONResponse(detail_form(error), error.status, {"Content-Range": f"bytes */{audio.size}"})
    start, stop = part or (0, audio.size)
    headers["Content-Length"] = str(stop - start)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{audio.size}"
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers, media_type=record.audio_type)
    pieces = (await used.records.audio.open(audio)).pieces(start, stop)
    first = await anext(pieces)  # an error is found before the answer begins
    return StreamResponse(first, pieces, record.audio_type, headers, status)


def _headers(record: Record, etag: str, download: bool) -> dict[str, str]:
    name = f"{record.uuid}.{record.audio_suffix}"
    if download and record.name:
        shown = quote(f"{record.name}.{record.audio_suffix}", safe="")
        disposition = f"attachment; filename=\"{name}\"; filename*=UTF-8''{shown}"
    else:
        disposition = f'{"attachment" if download else "inline"}; filename="{name}"'
    return {
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Content-Disposition": disposition,
        "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
        "ETag": etag,
        "Last-Modified": http_date(record.created_at),
        "X-Content-Type-Options": "nosniff",
    }
