"""Encoding detection for texts from files and pipes."""

from __future__ import annotations

import codecs
import re

from tritone_client.errors import InvalidRequestError

MARKS = (  # longer marks first: that of UTF-32 starts with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")


def decode_text(content: bytes) -> str:
    """Decode a text in UTF-8, or in the encoding of its byte order mark.

    Invalid bytes are kept (`surrogateescape`), so that only the texts that contain them are refused later.

    Raises:
        InvalidRequestError: invalid UTF-16 or UTF-32, or without a byte order mark.
    """
    encoding = next((name for mark, name in MARKS if content.startswith(mark)), None)
    if encoding:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"text: expected {encoding.upper()}, by its byte order mark, got an invalid character at "
                f"byte {error.start}; save the text as UTF-8."
            ) from error
    return checked_text_bytes(content).decode("utf-8-sig", "surrogateescape")


def checked_text_bytes(content: bytes) -> bytes:
    """Return bytes that may be UTF-8.

    Raises:
        InvalidRequestError: UTF-16 or UTF-32 without a byte order mark, or no text.
    """
    if b"\0" in content:
        raise InvalidRequestError(
            f"text: expected UTF-8, got a NUL at byte {content.index(0)}, as in UTF-16 without a byte order "
            "mark or in a binary file; save the text as UTF-8."
        )
    return content


def lines_of(content: bytes) -> list[str]:
    """Return the lines of a text, without line ends.

    Raises:
        InvalidRequestError: see `decode_text`.
    """
    lines = _LINE_END.split(decode_text(content))
    return lines[:-1] if lines[-1] == "" else lines
