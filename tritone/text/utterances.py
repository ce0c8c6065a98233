"""Split normalised text into utterances: sentences, or clauses of long sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

_SENTENCE = re.compile(r"[^.?!]*[A-Za-z][^.?!]*[.?!]?")
_CLAUSE = re.compile(r"[^,]*[A-Za-z][^,]*,?")

# A cut between words sounds best before a word that opens a phrase, and worst after one
# or inside a number. The weight is how many characters a cut may move away from an equal share for that.
_OPENING = (
    "(?:a|an|the|and|or|but|nor|so|yet|that|which|who|whose|where|when|while|because|although|though|if|unless|until|"
    "after|before|since|as|than|for|from|with|without|into|onto|over|under|through|between|among|against|by|in|on|"
    "at|of|to|is|are|was|were|has|have|had|will|would|can|could|should|may|might|must)"
)
_BEFORE_OPENING = re.compile(f" {_OPENING} ", re.IGNORECASE)
_AFTER_OPENING = re.compile(f"(?:^| ){_OPENING}$", re.IGNORECASE)
_INSIDE_NUMBER = re.compile(r" (?:hundred|thousand|million|billion|trillion|point|percent)\b")
_WEIGHT = 12


class Closing(Enum):
    """The end of an utterance, which determines the silence after it."""

    SENTENCE = "sentence"  # . ? or !
    CLAUSE = "clause"  # a comma
    CUT = "cut"  # nothing: the clause continues
    PARAGRAPH = "paragraph"  # a blank line


@dataclass(frozen=True)
class TextUtterance:
    """The text of an utterance."""

    text: str  # words with single spaces, ending with one of . , ? !
    closing: Closing


@dataclass(frozen=True)
class Pauses:
    """Silence after utterances, in addition to that of the voice itself; in seconds."""

    sentence: float
    clause: float
    cut: float
    paragraph: float

    def after(self, closing: Closing) -> float:
        """Return the silence in seconds."""
        return float(getattr(self, closing.value))


def utterances(paragraphs: Iterable[str], longest_characters: int) -> Iterator[TextUtterance]:
    """Split paragraphs into utterances.

    Args:
        paragraphs: words and the marks . , ? and !, single spaces, a mark directly after its word.
        longest_characters: of an utterance with its mark; longer words are split too.
    """
    for paragraph in paragraphs:
        pieces = list(_paragraph(paragraph, longest_characters))
        yield from pieces[:-1]
        if pieces:
            yield TextUtterance(pieces[-1].text, Closing.PARAGRAPH)


def _paragraph(paragraph: str, longest: int) -> Iterator[TextUtterance]:
    for sentence in _SENTENCE.findall(paragraph):
        sentence = sentence.strip(" ,")
        if sentence[-1] not in ".?!":
            sentence += "."
        if len(sentence) <= longest:
            yield TextUtterance(sentence, Closing.SENTENCE)
        else:
            yield from _clauses(sentence, longest)


def _clauses(sentence: str, longest: int) -> Iterator[TextUtterance]:
    """Join as many clauses as fit, and split clauses that are too long."""
    joined = ""
    for clause in (found.strip() for found in _CLAUSE.findall(sentence)):
        if joined and len(joined) + 1 + len(clause) <= longest:
            joined += f" {clause}"
            continue
        yield from _words(joined, longest)
        joined = clause
    yield from _words(joined, longest)


def _words(clause: str, longest: int) -> Iterator[TextUtterance]:
    """Split a clause that is too long into parts of about equal length."""
    if not clause:
        return
    mark, rest = clause[-1], clause[:-1]
    while len(rest) >= longest:
        cut = _cut(rest, longest - 1)
        yield TextUtterance(rest[:cut].rstrip(" ,-'") + ",", Closing.CUT)
        rest = rest[cut:].lstrip(" ,-'")
    if rest:
        yield TextUtterance(rest + mark, Closing.CLAUSE if mark == "," else Closing.SENTENCE)


def _cut(text: str, longest: int) -> int:
    """Return where to cut: between words, near an equal share, if possible before a phrase."""
    share = len(text) / math.ceil(len(text) / longest)
    spaces = [match.start() for match in re.finditer(" ", text[: longest + 1])]
    if not spaces:
        return longest

    def cost(space: int) -> float:
        poor = _INSIDE_NUMBER.match(text, space) or _AFTER_OPENING.search(text[max(space - 10, 0) : space])
        good = _BEFORE_OPENING.match(text, space)
        return abs(space - share) + _WEIGHT * (bool(poor) - bool(good))

    return min(spaces, key=cost)
