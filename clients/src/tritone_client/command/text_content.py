"""Texts from files and pipes: which encoding they are in."""

from __future__ import annotations

import codecs
import re

from tritone_client.errors import InvalidRequestError

_MARKS = (  # the longer ones first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")


def decode_text(content: bytes) -> str:
    """Return the text of a file in UTF-8, or in what its byte order mark says.

    Bytes that are not UTF-8 stay marked (`surrogateescape`), so that only their own text is refused later.

    Raises:
        InvalidRequestError: UTF-16 or UTF-32 that is broken, or without a mark.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    if encoding:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"text: expected {encoding.upper()}, as its first bytes say, got a broken character at byte "
                f"{error.start}; save the text as UTF-8."
            ) from error
    if b"\0" in content:
        raise InvalidRequestError(
            f"text: expected UTF-8, got a NUL at byte {content.index(0)}, as in UTF-16 without a byte order "
            "mark or in a file that is no text; save the text as UTF-8."
        )
    return content.decode("utf-8-sig", "surrogateescape")


def lines_of(content: bytes) -> list[str]:
    """Return the lines of a text, without their ends.

    Raises:
        InvalidRequestError: as `decode_text`.
    """
    lines = _LINE_END.split(decode_text(content))
    return lines[:-1] if lines[-1] == "" else lines
