"""Patterns that several modules share: numbers, fractions and dashes.

The lengths of digit runs are bounded, and longer ones are replaced first (see `codes`), so that no pattern
backtracks over a whole text.
"""

from __future__ import annotations

import re

from .numbers import cardinal, fraction, quantity

NUMBER = r"(?<![\d.])(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15}|(?=\.\d))(?:\.\d{1,15})?(?!\d)"
FRACTION = r"(?<![\d.,/])(?:\d{1,4} )?\d{1,3}/\d{1,3}(?![\d/])"
VALUE = f"(?:{FRACTION}|{NUMBER})"
DASH = r"\s?[-\u2013]\s?"

_FRACTION_PARTS = re.compile(r"(?:(\d{1,4}) )?(\d{1,4})/(\d{1,4})")
COMMON_DENOMINATORS = frozenset(str(number) for number in (*range(2, 11), 12, 16, 20, 25, 32, 50, 64))
_SAID_PLAINLY = frozenset([("24", "7"), ("9", "11"), ("50", "50"), ("20", "20")])


def value(written: str) -> str:
    """Read a number, a fraction or a whole number and a fraction."""
    found = _FRACTION_PARTS.fullmatch(written)
    if not found:
        return (
            f"point {quantity('0' + written).partition(' point ')[2]}"
            if written[0] == "."
            else quantity(written)
        )
    whole, numerator, denominator = found.groups()
    if denominator in ("100", "1000") and int(numerator) == 1 and not whole:
        return fraction(numerator, denominator)
    if denominator in COMMON_DENOMINATORS and 0 < int(numerator) < int(denominator):
        words = fraction(numerator, denominator)
        return f"{cardinal(whole)} and {words.replace('one half', 'a half')}" if whole else words
    plain = not whole and (numerator, denominator) in _SAID_PLAINLY
    words = f"{cardinal(numerator)} {'' if plain else 'out of ' if denominator == '100' else 'over '}{cardinal(denominator)}"
    return f"{cardinal(whole)} and {words}" if whole else words


def is_one(written: str) -> bool:
    """Whether a noun after this value is singular: after 1 and fractions below 1."""
    found = _FRACTION_PARTS.fullmatch(written)
    if not found:
        return written == "1"
    whole, numerator, denominator = found.groups()
    return not whole and int(numerator) < int(denominator)
