"""Validation of texts to punctuate."""

from __future__ import annotations

import unicodedata

from ..errors import TextError
from ..utf8 import decode_text


def read_transcript(data: bytes, max_characters: int) -> str:
    """Decode and check a transcript.

    Returns:
        The text with single spaces between words; "" for white space only.

    Raises:
        TextError: not UTF-8, too long, or with control characters other than white space.
    """
    text = decode_text(data, "transcript", max_characters)
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
