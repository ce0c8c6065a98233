"""Conditional and partial requests for a file (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.datastructures import Headers

_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)\s*", re.ASCII | re.IGNORECASE)


class UnsatisfiableRangeError(ValueError):
    """The range begins after the end."""


def wanted(headers: Headers, size: int, etag: str, changed_at: datetime) -> tuple[int, int] | None:
    """Return the range of bytes that a request asks for, its end excluded; None: all.

    Several ranges at once, and what is none, are answered with all, as the RFC allows.

    Raises:
        UnsatisfiableRangeError: there are no such bytes.
    """
    match = _RANGE.fullmatch(headers.get("range", ""))
    if match is None or match.groups() == ("", "") or not _still_valid(headers, etag, changed_at):
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0:
            raise UnsatisfiableRangeError
        return max(0, size - int(last)), size
    if last and int(last) < int(first):
        return None
    if int(first) >= size:
        raise UnsatisfiableRangeError
    return int(first), min(size, int(last) + 1) if last else size


def is_known(headers: Headers, etag: str) -> bool:
    """Return whether the caller has the file."""
    tags = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return etag in tags or "*" in tags


def http_date(time: datetime) -> str:
    """Return a time in UTC as HTTP writes it."""
    return format_datetime(time.replace(microsecond=0), usegmt=True)


def _still_valid(headers: Headers, etag: str, changed_at: datetime) -> bool:
    """Return whether the file is that of which the caller has the beginning."""
    condition = headers.get("if-range", "").strip()
    if not condition or condition.startswith(('"', "W/")):
        return condition in ("", etag)
    try:
        return parsedate_to_datetime(condition) == changed_at.replace(microsecond=0)
    except (ValueError, TypeError):
        return False
