"""What the server is asked to speak: the sentences of the sample recordings."""

from __future__ import annotations

import json
import re
from itertools import cycle, islice

from perf.bench.clips import RECORDINGS

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+")


def texts(count: int) -> list[str]:
    """Return so many texts of a sentence or two, the sample recordings' own in turn."""
    return list(islice(cycle(spoken()), count))


def text_of(sentences: int) -> str:
    """Return one text of so many sentences."""
    found = [sentence for text in spoken() for sentence in _SENTENCE_END.split(text)]
    return " ".join(islice(cycle(found), sentences))


def spoken() -> list[str]:
    """Return what is said in the sample recordings."""
    rows = (RECORDINGS / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [str(json.loads(row)["text"]) for row in rows]
