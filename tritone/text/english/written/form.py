"""The written form of a text: which words are replaced, and with what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ....errors import CancelledError
from ...written_words import WrittenWord
from .addresses import addresses
from .choices import Clause, chosen, title
from .grammar import WORD, Grammar, Token
from .lexicon import NUMBERS, TITLES
from .parts import Part, parts
from .pieces import Piece, clauses

# What the grammar gets: the words around a number, not the whole text, whose other words it could take for
# something else. Its time grows with the length, and long series of numbers are cut.
_BEFORE = 3  # words: "a quarter past" nine
_AFTER = 5  # words: nine "a m e s t"
_LONGEST = 40  # words


@dataclass(frozen=True)
class _Replacement:
    """A stretch of a clause and what is written for it."""

    start: int
    end: int
    parts: list[Part]


class WrittenForm:
    """Writes numbers, money, dates, times, units and addresses in figures and signs.

    May be used from several threads.

    Raises:
        ArtifactError: the grammars are missing.
    """

    def __init__(self) -> None:
        self._grammar = Grammar()

    def write(
        self, words: Sequence[str], is_cancelled: Callable[[], bool] = lambda: False
    ) -> list[WrittenWord]:
        """Write a text.

        Args:
            words: with marks and capitals.
            is_cancelled: checked before every clause with a number and after every number.

        Returns:
            Written words that stand for all words, in order; those without a number in them are unchanged.

        Raises:
            CancelledError: `is_cancelled` returned True.
        """
        written: list[WrittenWord] = []
        position = 0
        for clause in clauses(words):
            if not any(_is_trigger(piece) for piece in clause):
                continue
            _require_client(is_cancelled)
            for replacement in self._replacements(clause):
                _require_client(is_cancelled)
                if not _covers_words(clause, replacement.start, replacement.end):
                    continue
                first = clause[replacement.start].index
                written += [WrittenWord(words[index], index, index + 1) for index in range(position, first)]
                written += _written(clause, replacement)
                position = written[-1].end
        written += [WrittenWord(words[index], index, index + 1) for index in range(position, len(words))]
        return written

    def _replacements(self, clause: Clause) -> Iterator[_Replacement]:
        start = 0
        for first, end in addresses(clause):
            address = self._grammar.tokens([piece.spoken for piece in clause[first:end]])
            if [token.kind for token in address] == ["electronic"]:
                yield from self._numbers_and_titles(clause, start, first)
                yield _Replacement(first, end, [(self._grammar.write(address[0]), end - first)])
                start = end
        yield from self._numbers_and_titles(clause, start, len(clause))

    def _numbers_and_titles(self, clause: Clause, start: int, end: int) -> Iterator[_Replacement]:
        for position in range(start, end):
            if clause[position].spoken in TITLES and title(clause, position):
                yield from self._numbers(clause, start, position)
                yield _Replacement(position, position + 1, [(TITLES[clause[position].spoken], 1)])
                start = position + 1
        yield from self._numbers(clause, start, end)

    def _numbers(self, clause: Clause, start: int, end: int) -> Iterator[_Replacement]:
        done = start
        for first, last in _windows(clause, start, end):
            for replacement in self._rewrite(clause, first, last, done):
                done = replacement.end
                yield replacement

    def _rewrite(self, clause: Clause, start: int, end: int, done: int) -> Iterator[_Replacement]:
        position = start
        for token in self._grammar.tokens([piece.spoken for piece in clause[start:end]]):
            token_start, position = position, position + len(token.words)
            if token.kind == WORD:
                continue
            for first, last in chosen(token, clause, token_start, position, done):
                if first <= token_start and last >= position:
                    found = self._replacement(token, first, last)
                elif last - first < position - token_start:
                    found = self._rewrite(clause, first, last, done)
                else:
                    continue
                for replacement in found:
                    done = replacement.end
                    yield replacement

    def _replacement(self, token: Token, start: int, end: int) -> Iterator[_Replacement]:
        text = self._grammar.write(token)
        if text:
            yield _Replacement(start, end, parts(token, text, end - start))


def _require_client(is_cancelled: Callable[[], bool]) -> None:
    if is_cancelled():
        raise CancelledError("the written form was cancelled by the client")


def _is_trigger(piece: Piece) -> bool:
    return piece.spoken in NUMBERS or piece.spoken in TITLES or piece.spoken == "dot"


def _windows(clause: Clause, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield stretches around the numbers between two positions, joined where they meet."""
    first = last = start
    for position in range(start, end):
        if clause[position].spoken not in NUMBERS:
            continue
        if last > first and position - _BEFORE > last:
            yield first, last
            first = last
        if last == first:
            first = max(position - _BEFORE, last)
        last = min(position + _AFTER + 1, end)
        if last - first >= _LONGEST:
            last = position + 1
            yield first, last
            first = last
    if last > first:
        yield first, last


def _covers_words(clause: Clause, start: int, end: int) -> bool:
    """Whether a stretch has all pieces of its words."""
    return (start == 0 or clause[start - 1].index != clause[start].index) and (
        end == len(clause) or clause[end - 1].index != clause[end].index
    )


def _written(clause: Clause, replacement: _Replacement) -> Iterator[WrittenWord]:
    start = replacement.start
    for number, (text, count) in enumerate(replacement.parts, 1):
        end = start + count
        if start == replacement.start:
            capital = clause[start].is_capitalised
            text = clause[start].opening + (text[:1].upper() + text[1:] if capital else text)
        if number == len(replacement.parts):
            closing = clause[end - 1].closing
            text += closing[1:] if text.endswith(".") and closing.startswith(".") else closing
        yield WrittenWord(text, clause[start].index, clause[end - 1].index + 1)
        start = end
