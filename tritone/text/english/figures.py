"""Canonical forms of numbers for the later rules: digit groups, minus signs, ranges."""

from __future__ import annotations

import re

from ..rules import Rule, alternatives, rule
from .currencies import BY_CODE, BY_SIGN
from .patterns import DASH
from .units import UNIT

_MONEY = alternatives([*BY_SIGN, *(f"{code} " for code in BY_CODE)])


def _joined(match: re.Match[str]) -> str:
    """Group digits by commas: a bare 1234 is a year, but 1 234 is a number."""
    return f"{int(re.sub(r'[^0-9]', '', match[0])):,}"


# Telephone and account numbers were replaced before.
GROUPS: tuple[Rule, ...] = (
    rule(r"(?<![\w.,:/+'-])(?<!\d )[1-9]\d{0,2}(?: \d{3}){1,4}(?![\w]| \d|[,:/-]\d)", _joined),
    rule(r"(?<![\w.,'])[1-9]\d{0,2}(?:'\d{3}){1,4}(?![\w'])", _joined),
    rule(r"(?<![\w.])\d{1,3}(?:_\d{3}){1,4}(?!\w)", _joined),
    rule(r"(?<![\w.,])\d{1,2}(?:,\d{2}){1,5},\d{3}(?![\w,])", _joined),
    rule(r"(?<![\w.,])[1-9]\d{0,2}(?:\.\d{3}){2,4}(?![\w.]\d|\w)", _joined),
)

# Before a number that does not continue another: not in 5-10, F-16 or 2024-05.
MINUS: tuple[Rule, ...] = (
    rule(r"\s?\u2212\s?(?=[\w.(])|\u2212", " minus "),
    rule(rf"(?<![\w.])((?:{_MONEY}))\s?-\s?(?=\.?\d)", r"minus \1"),
    rule(rf"^[-\u2013] (?=(?:{_MONEY})?\.?\d\S*$)", "minus "),  # followed by words, it is a bullet
    rule(rf"(?<![\w.,)\]%\"'\u00b0^-])[-\u2013](?=(?:(?:{_MONEY})\s?)?\.?\d)", "minus "),
    rule(rf"(?<=[=<>\u2264\u2265~(]) ?[-\u2013] (?=(?:{_MONEY})?\.?\d)", " minus "),
)

_BEFORE = r"(?<=[\d%\u00b0\"])"

RANGES: tuple[Rule, ...] = (
    rule(rf"(\d\s?{UNIT}){DASH}(?=(?:minus )?\.?\d)", r"\1 to "),
    rule(rf"{_BEFORE}{DASH}(?=\.?\d)", " to "),
    rule(rf"{_BEFORE}\s?\u2014\s?(?=\d)", " to "),
    rule(r"\bA-Z\b", "A to Z"),
    rule(r"\b([A-Z])\u2013([A-Z])\b", r"\1 to \2"),
    rule(rf"(\d(?:st|nd|rd|th)){DASH}(?=\d{{1,4}}(?:st|nd|rd|th)\b)", r"\1 to "),
)
