"""English text as it is written to the words that are spoken, with the marks that pace them."""

from __future__ import annotations

import re
from collections.abc import Callable

from . import abbreviations, addresses, amounts, dates, signs
from .rules import Rule, apply, rule

# The order matters: what looks like several things is claimed by the most specific first.
_RULES: tuple[Rule, ...] = (
    *addresses.RULES,
    *dates.NUMERIC,
    *amounts.CODES,
    *dates.RULES,
    *abbreviations.RULES,
    *amounts.MONEY,
    *amounts.MEASURES,
    *amounts.NUMBERS,
    *signs.RULES,
    dates.BARE_YEAR,
    *amounts.REST,
)

# Marks that set the pace, reduced to the four that every checkpoint has heard.
_MARKS: tuple[Rule, ...] = (
    rule(r"(?<!\.)\.{2,}(?=\s*[a-z])", ","),
    rule(r"(?<=\w)\s*(?:--+|\u2014|\s[-\u2013]\s|\u2013)\s*", ", "),
    rule(r"[;:()\[\]{}|]", ","),
    rule(r"(?<![A-Za-z])'|'(?![A-Za-z])", " "),
    rule(r"(?<![A-Za-z])-|-(?![A-Za-z])", " "),
    rule(r"[^A-Za-z'\-.,?!]", " "),
    rule(r"\s+", " "),
    rule(r" ?[.,?!][ .,?!]*", lambda match: _strongest(match[0])),
)

_LETTERS = {
    "a": "ay", "b": "bee", "c": "see", "d": "dee", "e": "ee", "f": "f", "g": "gee", "h": "h", "i": "eye",
    "j": "jay", "k": "kay", "l": "ell", "m": "em", "n": "en", "o": "oh", "p": "pee", "q": "cue", "r": "ar",
    "s": "ess", "t": "tee", "u": "you", "v": "vee", "w": "double you", "x": "ex", "y": "why", "z": "zee",
}  # fmt: skip
_SHOUTED_WORDS = 4  # a text of as many words, all capitals, is emphasis and no row of initialisms
# Initialisms that also spell a word.
_SPELLED = frozenset(["AI", "EU", "ID", "UN", "US"])
_INITIALISM = re.compile(r"\b([A-Z]{2,5})('?s)?\b")
_LETTER_ROW = re.compile(r"\b[A-Z](?: [A-Z]\b)+")


def _strongest(marks: str) -> str:
    return next(mark for mark in "?!.," if mark in marks) + " "


def letter_names(letters: str) -> str:
    """Read letter by letter: "TV" as tee vee."""
    return " ".join(_LETTERS[letter] for letter in letters.lower())


class Normaliser:
    """Writes out what is not a word: numbers, dates, money, abbreviations, addresses, signs, initialisms.

    Args:
        is_word: whether a checkpoint can read these lower-case letters as a word; capitals that it cannot
            read so are read letter by letter.
    """

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._is_word = is_word

    def normalise(self, paragraph: str) -> str:
        """Return words of letters, apostrophes and hyphens, with the marks . , ? and ! behind some.

        Args:
            paragraph: ASCII and the signs of `characters.READ_ALOUD`, single spaces.
        """
        shouted = paragraph.isupper() and len(paragraph.split()) >= _SHOUTED_WORDS
        text = apply(_RULES, paragraph)
        text = _LETTER_ROW.sub(lambda match: letter_names(match[0].replace(" ", "")), text)
        text = _INITIALISM.sub(lambda match: self._capitals(match, shouted), text)
        return apply(_MARKS, text).strip(" ,")

    def _capitals(self, match: re.Match[str], shouted: bool) -> str:
        letters, ending = match.groups()
        if shouted:
            is_word = self._is_word(letters.lower()) or bool(set(letters) & set("AEIOUY"))
        else:
            is_word = self._is_word(letters.lower()) and letters not in _SPELLED
        return match[0] if is_word else letter_names(letters) + (ending or "")
