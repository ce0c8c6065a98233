"""Whether a full stop ends a sentence, for text that arrives in pieces."""

from __future__ import annotations

import re

from .abbreviations import ABBREVIATIONS

_LAST_WORD = re.compile(r"(\d[ -]?)?([A-Za-z'\-]*[A-Za-z])\.[\"')\]\u2019\u201d]*$")
_SENTENCE_START = re.compile(r"[\"'(\[\u2018\u201c]*[A-Z0-9]")


def may_end_sentence(text: str, rest: str) -> bool:
    """Whether a sentence surely ends with a text, so that its reading does not depend on what follows.

    A full stop after an abbreviation, a letter, a figure or a unit of measure may not end one; nor does any
    before a word that does not begin with a capital letter or a figure.

    Args:
        text: ends with a mark and its closing quotes.
        rest: what follows after white space, at least one character.
    """
    if not text.rstrip("\"')]\u2019\u201d").endswith("."):
        return True  # after a question or exclamation mark, utterances always end
    word = _LAST_WORD.search(text)
    if word is None or word[1] or len(word[2]) < 2 or word[2].lower() in ABBREVIATIONS:
        return False
    return bool(_SENTENCE_START.match(rest))
