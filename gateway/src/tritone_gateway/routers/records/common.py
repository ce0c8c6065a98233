"""What the routers of both kinds of records share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timezone
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Depends, Query, Request
from pydantic import TypeAdapter, ValidationError

from tritone_gateway.errors import BadRequestError, NotFoundError
from tritone_gateway.schemas.records import Item, PageBody
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.services import Services, services
from tritone_gateway.storage.records import Selection

LONGEST_NAME = 200
_DATE_LENGTH = len("2026-01-31")
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)

Used = Annotated[Services, Depends(services)]
Owner = Annotated[Caller, Depends(allowed(Scope.RECORDS))]


def base_url(request: Request, used: Services) -> str:
    """Return the gateway's address as its callers see it, without a slash at the end."""
    return (used.settings.public_url or str(request.base_url)).rstrip("/")


def checked_text(text: str, param: str, longest: int | None = None) -> str:
    """Return a text that can be stored.

    Raises:
        BadRequestError: it is too long, or has characters that no text has.
    """
    if longest is not None and len(text) > longest:
        raise BadRequestError(
            f"{param}: expected at most {longest} characters, got {len(text)}; shorten it.", param=param
        )
    if any(character < " " and character not in "\t\n\r" for character in text) or "\x7f" in text:
        raise BadRequestError(f"{param}: expected no control characters; leave them out.", param=param)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadRequestError(f"{param}: expected valid Unicode; got half of a pair.", param=param) from None
    return text


def record_uuid(uuid: str) -> UUID:
    """Dependency: the identity in the path."""
    try:
        return UUID(uuid)
    except ValueError:
        raise NotFoundError(f"{uuid[:50]}: no such record.") from None


def selection(
    limit: Annotated[int, Query(ge=1, le=100, description="Records on a page.")] = 20,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="Records before the page.")] = 0,
    search: Annotated[str, Query(description="Part of a name or text, in any case.")] = "",
    since: Annotated[
        str,
        Query(alias="from", description="Earliest time, in ISO 8601, or date; UTC without a zone."),
    ] = "",
    until: Annotated[str, Query(alias="to", description="Latest time, or date, of which all is meant.")] = "",
) -> Selection:
    """Dependency: which records to list."""
    return Selection(
        search=checked_text(search, "search", LONGEST_NAME),
        since=_time(since, "from", time.min),
        until=_time(until, "to", time.max),
        limit=limit,
        offset=offset,
    )


def _time(text: str, param: str, of_day: time) -> datetime | None:
    if not text:
        return None
    try:
        found = _TIME.validate_python(text, strict=False)
    except ValidationError:
        found = None
    if found is None or text.isdigit():
        raise BadRequestError(
            f"{param}: expected a time like 2026-01-31T12:00:00Z or a date like 2026-01-31; write + as %2B.",
            param=param,
        )
    if len(text) == _DATE_LENGTH:
        found = datetime.combine(found, of_day)
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def page(
    request: Request, used: Services, chosen: Selection, count: int, items: Sequence[Item]
) -> PageBody[Item]:
    """Return the body of a page, with the addresses of its neighbours."""

    def at(offset: int) -> str:
        others = [(name, value) for name, value in request.query_params.multi_items() if name != "offset"]
        return f"{base_url(request, used)}{request.url.path}?{urlencode([*others, ('offset', offset)])}"

    following = chosen.offset + chosen.limit
    return PageBody[Item](
        count=count,
        next=at(following) if following < count else None,
        previous=at(max(0, chosen.offset - chosen.limit)) if chosen.offset else None,
        results=list(items),
    )
