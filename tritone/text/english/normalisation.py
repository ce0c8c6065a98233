"""Normalisation of English text to spoken words and punctuation marks.

Every category has a module with its rules. Rules are applied to a paragraph in order, and each replaces what it
matches by words, so that later rules no longer match it. The order matters: for ambiguous text, the most specific
rules come first.

1. addresses, codes, dates in figures, telephone numbers: long, unambiguous forms
2. figures: canonical forms of numbers for all later rules
3. versions, dates, times, streets, titles, Roman numerals, abbreviations: recognised by names and context
4. equations, minus signs, money, dimensions, ranges, measures, fractions, ordinals: amounts
5. letters joined to digits, signs, remaining numbers
6. initialisms and marks
"""

from __future__ import annotations

from collections.abc import Callable

from ..rules import Rule, apply
from . import (
    abbreviations,
    addresses,
    arithmetic,
    codes,
    counting,
    dates,
    dimensions,
    figures,
    glued,
    marks,
    measures,
    money,
    phones,
    roman,
    signs,
    streets,
    times,
    titles,
)  # fmt: skip
from .initialisms import Initialisms, is_shouted

_FORMS: tuple[Rule, ...] = (
    *addresses.RULES,
    *codes.RULES,
    *dates.NUMERIC,
    *streets.POSTAL,
    *phones.RULES,
    *figures.GROUPS,
    *codes.DOTTED,
    *counting.RATIOS,
    *dates.RULES,
    *times.RULES,
    *streets.RULES,
    *titles.RULES,
    *roman.RULES,
    *abbreviations.RULES,
    *arithmetic.EQUATIONS,
    *figures.MINUS,
    *arithmetic.SCIENTIFIC,
    *money.RULES,
    *dimensions.RULES,
    *figures.RANGES,
    *measures.RULES,
    *arithmetic.POWERS,
    *counting.FRACTIONS,
    *glued.RULES,
    *counting.RULES,
)
_SIGNS: tuple[Rule, ...] = (*signs.RULES, dates.BARE_YEAR, *counting.REST)


class Normaliser:
    """Replaces numbers, dates, money, abbreviations, addresses, signs and initialisms by words.

    Args:
        is_word: whether a checkpoint can read these lower-case letters as a word; other words in
            capitals are spelled.
    """

    def __init__(self, is_word: Callable[[str], bool]) -> None:
        self._initialisms = Initialisms(is_word)
        self._glued = glued.GluedWords(self._initialisms.capitals)

    def normalise(self, paragraph: str) -> str:
        """Return words of letters, apostrophes and hyphens, with the marks . , ? and ! after some.

        Args:
            paragraph: ASCII and the signs of `READ_ALOUD`, single spaces.
        """
        shouted = is_shouted(paragraph)
        text = apply(_FORMS, paragraph)
        text = self._glued.part(text)
        text = apply(_SIGNS, text)
        text = self._initialisms.read(text, shouted)
        return apply(marks.RULES, text).strip(" ,")
