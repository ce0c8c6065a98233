"""Passages of a text that arrives in pieces: whole sentences, as soon as they are complete."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .english import may_end_sentence
from .utterances import Closing

_BOUNDARY = re.compile(r"[.?!]+[\"')\]\u2019\u201d]*(?=\s)|(?=\n[^\S\n]*\n)")
_GAP = re.compile(r"\s+")
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")


@dataclass(frozen=True)
class Passage:
    """One or more sentences that can be spoken."""

    text: str
    closing: Closing | None  # how it ends, where the text goes on: SENTENCE or PARAGRAPH


_LONG_CHARACTERS = 1000  # of a text, for whose reading a listener would notice the wait
_OPENING_CHARACTERS = 500  # in which the first sentence must end
_PLAIN = re.compile(r"[\"']?(?:I|[A-Za-z]?[a-z]+)(?:[,;]?[ \n'\-]\"?(?:I|[A-Za-z]?[a-z]+))*[.?!][\"']?")


def plain_opening(text: str) -> Passage | None:
    """Return the first passage of a long text, if its reading does not depend on what follows.

    It then consists of words alone: no figures, signs, initialisms or markup.

    Returns:
        None for a short text, which is read as quickly as its beginning, and where there is a doubt.
    """
    if len(text) < _LONG_CHARACTERS:
        return None
    passage = next(iter(PassageBuffer().add(text[:_OPENING_CHARACTERS])), None)
    return passage if passage and _PLAIN.fullmatch(passage.text) else None


class PassageBuffer:
    """Collects pieces of a text, wherever they are cut, and gives its passages.

    A passage ends after a sentence if the next one has begun, since only then is it certain that the
    sentence has ended: "Dr." and "3." may go on. Where that stays uncertain, the passage becomes longer.
    """

    def __init__(self) -> None:
        self._waiting = ""
        self._searched = 0  # characters of it without a boundary

    @property
    def characters(self) -> int:
        """The number of characters that wait for the end of their sentence."""
        return len(self._waiting)

    def add(self, piece: str) -> list[Passage]:
        """Add a piece, and return the passages that are complete with it."""
        self._waiting += piece.replace("\r\n", "\n")
        found = []
        while (passage := self._next()) is not None:
            found.append(passage)
        return found

    def finish(self) -> Passage | None:
        """Return the rest of the text, which ends here; None if nothing but space is left."""
        rest, self._waiting, self._searched = self._waiting.strip(), "", 0
        return Passage(rest, None) if rest else None

    def _next(self) -> Passage | None:
        for boundary in _BOUNDARY.finditer(self._waiting, self._searched):
            gap = _GAP.match(self._waiting, boundary.end())
            if gap is None or gap.end() == len(self._waiting):
                self._searched = boundary.start()
                return None
            text, rest = self._waiting[: boundary.end()].strip(), self._waiting[gap.end() :]
            ends_paragraph = bool(_BLANK_LINE.search(gap[0]))
            if _is_spoken(text) and (ends_paragraph or may_end_sentence(text, rest)):
                self._waiting, self._searched = rest, 0
                return Passage(text, Closing.PARAGRAPH if ends_paragraph else Closing.SENTENCE)
        # A mark at the very end may still be followed by space, closing quotes, or more marks.
        self._searched = len(re.sub(r"[.?!\"')\]\u2019\u201d\s]+$", "", self._waiting))
        return None


def _is_spoken(text: str) -> bool:
    """Whether there is anything to say; marks alone go with what follows."""
    return any(map(str.isalnum, text))
