"""English text as it is written to the words that are spoken, with the marks that pace them.

Every kind of writing has a module with rules for it. Rules are applied one after the other over a paragraph, and a rule
writes words where it found signs, so that later rules no longer see them. The order matters: what looks like several
things is claimed by the most specific first.

1. addresses, codes, dates in figures, telephone numbers: long and unmistakable forms
2. figures: one way of writing numbers, so that all later rules know only one
3. versions, dates, times, streets, titles, Roman numerals, abbreviations: what names and words around tell
4. equations, minus signs, money, dimensions, ranges, measures, fractions, ordinals: amounts
5. letters glued to digits, signs, numbers that are left
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
    """Writes out what is not a word: numbers, dates, money, abbreviations, addresses, signs, initialisms.

    Args:
        is_word: whether a checkpoint can read these lower-case letters as a word; capitals that it cannot
            read so are read letter by letter.
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
