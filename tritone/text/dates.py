"""Dates, years, decades and times of day."""

from __future__ import annotations

import re

from .numbers import cardinal, decade, ordinal, quantity, short_year, year
from .rules import Rule, rule

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHORT = {name[:3].lower(): name for name in _MONTHS}
_MONTH = rf"({'|'.join(_MONTHS)}|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b"
_DAY = r"(?<![\d.,:/])(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(1\d{3}|20\d{2})(?![\d:/]|[.,]\d)"


def _month(name: str) -> str:
    return _SHORT[name[:3].lower()]


def _date(day: str, month: str, year_digits: str | None) -> str:
    ending = f", {_years(year_digits)}" if year_digits else ""
    return f"{month} {ordinal(day)}{ending}"


def _years(number: str) -> str:
    return short_year(number) if len(number) == 2 else year(number)


def _numeric_date(match: re.Match[str]) -> str:
    """Read month first, as Americans write; what cannot be a month is the day."""
    first, second, year_digits = match.groups()
    if int(first) > 12:
        first, second = second, first
    if not (1 <= int(first) <= 12 and 1 <= int(second) <= 31):
        return match[0]
    return _date(second, _MONTHS[int(first) - 1], year_digits)


def _iso_date(match: re.Match[str]) -> str:
    year_digits, month, day = match.groups()
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return _date(day, _MONTHS[int(month) - 1], year_digits)


def _half_of_day(match: re.Match[str]) -> str:
    """Read a.m. or p.m. as letters; its last full stop may be the sentence's as well."""
    letter, stop = match.groups()
    after = match.string[match.end() :]
    if stop and not after.strip("\"')]"):
        mark = "."
    else:
        mark = "," if stop and re.match(r"\s+[A-Z][a-z]", after) else ""
    return f" {letter.upper()} M{mark}"


def _time(match: re.Match[str]) -> str:
    hour, minute, second, half = match.groups()
    if int(hour) > 24 or int(minute) > 59:
        return f"{cardinal(hour)} {short_year(minute)}" + (f" {short_year(second)}" if second else "")
    words = cardinal(str(int(hour)))
    if minute != "00":
        words += f" {short_year(minute)}"
    elif not half and not second:
        words += " o'clock" if 1 <= int(hour) <= 12 else " hundred hours"
    if second:
        words += f" and {quantity(str(int(second)))} seconds"
    return words + (half or "")


NUMERIC: tuple[Rule, ...] = (
    rule(r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?![\w-])", _iso_date),
    rule(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])", _numeric_date),
)

RULES: tuple[Rule, ...] = (
    rule(r"(?<=\d)\s?([ap])\.?\s?m\b(\.?)(?!\w)", _half_of_day, re.IGNORECASE),
    rule(r"(?<=\d)( [AP] M)?\s?[-\u2013]\s?(?=\d{1,2}(?::\d\d| [AP] M))", r"\1 to "),
    rule(rf"\b{_MONTH}\.? {_DAY},? {_YEAR}", lambda m: _date(m[2], _month(m[1]), m[3])),
    rule(rf"{_DAY}(?: of)? {_MONTH}\.?,? {_YEAR}", lambda m: _date(m[1], _month(m[2]), m[3])),
    rule(rf"\b{_MONTH}\.? {_DAY}(?![\d:%/-]|[.,]\d)", lambda m: _date(m[2], _month(m[1]), None)),
    rule(rf"{_DAY} {_MONTH}(?:\.(?=,?\s+[a-z]))?", lambda m: f"the {ordinal(m[1])} of {_month(m[2])}"),
    rule(rf"\b{_MONTH}\.? {_YEAR}", lambda m: f"{_month(m[1])} {year(m[2])}"),
    rule(
        r"(?<![\d:.])(\d{1,2}):(\d{2})(?::(\d{2}))?(?![\d:])( [AP] M\b)?",
        _time,
        re.IGNORECASE,
    ),
    rule(r"(?<![\d.,])([12]\d{2}0)'?s\b", lambda m: decade(m[1])),
    rule(r"(?<![\w.,])'?([2-9]0)'?s\b", lambda m: decade(m[1])),
    rule(r"(?<!\w)'(\d{2})\b", lambda m: short_year(m[1])),
    rule(r"(?<![\d.,$-])(1[1-9]\d{2}|20\d{2})\s?[-\u2013]\s?(1[1-9]\d{2}|20\d{2})(?![\d.,-]\d|\d)",
         lambda m: f"{year(m[1])} to {year(m[2])}"),
    rule(r"(?<![\d.,$-])(1[1-9]\d{2}|20\d{2})[-\u2013](\d{2})(?![\d,.-]\d|\d)",
         lambda m: f"{year(m[1])} to {short_year(m[2])}"),
)  # fmt: skip

# A bare number of four digits is more often a year than a quantity; this comes last.
BARE_YEAR: Rule = rule(
    r"(?<![\d.,:/$-])(1[1-9]\d{2}|10[1-9]\d|20\d{2})(?![\d:/]|[.,]\d)", lambda m: year(m[1])
)
