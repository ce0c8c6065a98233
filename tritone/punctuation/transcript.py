"""Validation of texts to punctuate."""

from __future__ import annotations

import unicodedata

from ..errors import TextError


def read_transcript(data: bytes, max_characters: int) -> str:
    """Decode and check a transcript.

    Returns:
        The text with single spaces between words; "" for white space only.

    Raises:
        TextError: not UTF-8, too long, or with control characters other than white space.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(
            f"transcript: expected UTF-8, got an invalid byte at offset {error.start}; "
            "encode the text as UTF-8."
        ) from error
    if len(text) > max_characters:
        raise TextError(
            f"transcript: expected at most {max_characters} characters, got {len(text)}; send it in parts."
        )
    for position, character in enumerate(text):
        if unicodedata.category(character) == "Cc" and not character.isspace():
            raise TextError(
                f"transcript: expected text without control characters, got U+{ord(character):04X} "
                f"at character {position}; remove it."
            )
    return " ".join(text.split())


def require_words(text: str) -> str:
    """Return `text`, or raise TextError if it has no words."""
    if not text:
        raise TextError(
            "transcript: expected at least one word, got an empty text; send the words to punctuate."
        )
    return text
