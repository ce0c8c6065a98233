"""Existing punctuation of a text: it is kept, and the model's marks are added only where there is none."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

_MARKS = ".,?!;:\u2026"  # after a word
_OPENING = '"\u201c\u2018\u00ab([{'
_CLOSING = '"\u201d\u00bb)]}'
_QUOTES = '"\u201d\u00bb'
SENTENCE_ENDS = (".", "?", "!")
_MID_SENTENCE = ",;:"
# The full stop belongs to the abbreviation; it neither ends a sentence nor replaces another mark.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof st sr jr gen col capt lt sgt rev hon gov sen rep mt vs etc eg ie no nos fig figs vol "
    "pp inc ltd co corp bros dept approx jan feb mar apr jun jul aug sep sept oct nov dec mon tue tues wed "
    "thu thurs fri sat sun".split()
)
_NEVER_LAST = frozenset(["e.g", "i.e"])  # these do not end a sentence
_INITIALS = re.compile(r"(?:[^\W\d_]\.){1,9}[^\W\d_]")
_ADDRESS = re.compile(r"\S+@\S+\.\S+|\w+://\S+|www\.\S+", re.IGNORECASE)


@dataclass(frozen=True)
class MarkedWord:
    """A word with its surrounding marks in the text."""

    opening: str  # quotes and brackets
    core: str  # input of the model; never empty
    closing: str  # marks, quotes and brackets, in order

    @property
    def is_abbreviation(self) -> bool:
        """Whether its full stop is part of an abbreviation."""
        if not self.closing.startswith("."):
            return False
        return self.core.lower() in _ABBREVIATIONS or bool(_INITIALS.fullmatch(self.core))

    @property
    def ends_sentence(self) -> bool:
        """Whether the next word certainly starts a sentence."""
        marks = self.closing.rstrip(_CLOSING)
        if marks.endswith("."):
            return not marks.endswith("..") and not self.is_abbreviation
        return marks.endswith(SENTENCE_ENDS)

    @property
    def goes_on(self) -> bool:
        """Whether an existing mark shows that the sentence continues after this word."""
        return self.closing.rstrip(_CLOSING).endswith(tuple(_MID_SENTENCE))

    def write(self, mark: str, capital: bool) -> str:
        """Return the word with its existing marks, or with `mark` if it has none.

        Args:
            mark: chosen by the model; "" for none.
            capital: whether to capitalise the first letter. Addresses are left unchanged.
        """
        core = self.core
        if capital and not _ADDRESS.fullmatch(core):
            core = core[:1].upper() + core[1:]
        return self.opening + core + self._closed(mark)

    def _closed(self, mark: str) -> str:
        if not mark or not self._takes(mark):
            return self.closing
        if self.closing and self.closing[0] in _QUOTES and mark in ".,":
            return mark + self.closing  # American usage: full stops and commas go inside quotation marks
        return self.closing + mark

    def _takes(self, mark: str) -> bool:
        if self.closing == "." and (_INITIALS.fullmatch(self.core) or self.core == "etc"):
            return mark == "," if self.core.lower() in _NEVER_LAST else mark != "."
        if any(sign in _MARKS for sign in self.closing):
            return False
        return not all(unicodedata.category(sign)[0] == "P" for sign in self.core)


def read_words(text: str) -> list[MarkedWord]:
    """Split a text into words and their marks; separate marks are added to the previous word.

    Args:
        text: words, separated by white space.

    Returns:
        The words; bare words have no marks.
    """
    words: list[MarkedWord] = []
    for token in text.split():
        bare = token.lstrip(_OPENING)
        opening = token[: len(token) - len(bare)]
        core = bare.rstrip(_MARKS + _CLOSING)
        closing = bare[len(core) :]
        if core:
            words.append(MarkedWord(opening, core, closing))
        elif words and not opening:
            words[-1] = MarkedWord(words[-1].opening, words[-1].core, words[-1].closing + closing)
        else:
            words.append(MarkedWord("", token, ""))
    return words


def is_bare(token: str) -> bool:
    """Whether a token is a word without marks, as recognisers output them."""
    return any(map(str.isalnum, token)) and cores(read_words(token)) == [token]


def cores(words: Iterable[MarkedWord]) -> list[str]:
    """Return the model's input words."""
    return [word.core for word in words]
