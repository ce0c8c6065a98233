"""Texts to speak: the sentences of the sample recordings."""

from __future__ import annotations

import json
import re
from itertools import cycle, islice

from perf.instruments.paths import RECORDINGS

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def texts(count: int) -> list[str]:
    """Return `count` texts of one or two sentences: those of the sample recordings, repeated in turn."""
    return list(islice(cycle(spoken_texts()), count))


def text_of(sentences: int) -> str:
    """Return one text of the given number of sentences."""
    found = [sentence for text in spoken_texts() for sentence in split_sentences(text)]
    return " ".join(islice(cycle(found), sentences))


def spoken_texts() -> list[str]:
    """Return the reference texts of the sample recordings."""
    rows = (RECORDINGS / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(row)["text"]) for row in rows]


def split_sentences(text: str) -> list[str]:
    """Split a text after every full stop, question mark or exclamation mark that white space follows."""
    return _SENTENCE_END.split(text.strip())
