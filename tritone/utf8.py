"""Texts as they arrive: UTF-8 of limited length."""

from __future__ import annotations

from .errors import TextError


def decode_text(data: bytes, subject: str, most_characters: int) -> str:
    """Decode a text.

    Args:
        data: UTF-8.
        subject: names the text in errors.
        most_characters: limit on the text.

    Raises:
        TextError: not UTF-8, or too long.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(
            f"{subject}: expected UTF-8, got an invalid byte at offset {error.start}; "
            "encode the text as UTF-8."
        ) from error
    if len(text) > most_characters:
        raise TextError(
            f"{subject}: expected at most {most_characters} characters, got {len(text)}; send it in parts."
        )
    return text
