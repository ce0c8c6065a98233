"""A text as clauses of spoken words: the stretches between marks, in which a number may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .lexicon import HALVES, MAGNITUDES, NUMBERS

_WORD = re.compile(
    r"([\"'\u201c\u2018(\[{]*)([A-Za-z]+(?:['\u2019][A-Za-z]+)*|[A-Za-z]+(?:-[A-Za-z]+)+)([^\w\s]*)"
)


@dataclass(frozen=True)
class Piece:
    """One spoken word; a word with hyphens, as in "twenty-five", has several."""

    spoken: str  #: lower case, as the grammar takes it
    shown: str  #: as in the text, without marks
    index: int  #: of its word in the text
    opening: str = ""  #: marks before it
    closing: str = ""  #: marks after it

    @property
    def is_capitalised(self) -> bool:
        """Whether it starts with a capital in the text."""
        return self.shown[:1].isupper()


def clauses(words: Sequence[str]) -> Iterator[list[Piece]]:
    """Yield stretches without marks inside; words that are no plain English ones are left out."""
    clause: list[Piece] = []
    for index, word in enumerate(words):
        pieces = _pieces(word, index)
        if clause and (not pieces or pieces[0].opening):
            yield _read_articles(clause)
            clause = []
        clause += pieces
        if pieces and pieces[-1].closing:
            yield _read_articles(clause)
            clause = []
    if clause:
        yield _read_articles(clause)


def _pieces(word: str, index: int) -> list[Piece]:
    match = _WORD.fullmatch(word)
    if match is None:
        return []
    opening, core, closing = match.groups()
    parts = core.split("-")
    spoken = [part.lower().replace("\u2019", "'") for part in parts]
    if len(parts) > 1 and not NUMBERS.issuperset(spoken):
        return []
    pieces = [Piece(said, part, index) for said, part in zip(spoken, parts, strict=True)]
    pieces[0] = replace(pieces[0], opening=opening)
    pieces[-1] = replace(pieces[-1], closing=closing)
    return pieces


def _read_articles(clause: list[Piece]) -> list[Piece]:
    """Read "a hundred" as "one hundred", as the grammar has only that; "half a million" stays."""
    for position, piece in enumerate(clause[:-1]):
        before = clause[position - 1].spoken if position else ""
        if piece.spoken == "a" and clause[position + 1].spoken in MAGNITUDES and before not in HALVES:
            clause[position] = replace(piece, spoken="one")
    return clause
