"""Dates, ranges of dates, years, centuries, decades."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, decade, ordinal, short_year, year

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHORT = {name[:3].lower(): name for name in _MONTHS}
_SHORT_FORMS = "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
_CAPITALS = "|".join(name.upper() for name in (*_MONTHS, *_SHORT_FORMS.split("|")) if name != "May")
_MONTH = rf"({'|'.join(_MONTHS)}|{_SHORT_FORMS}|{_CAPITALS})\b"
_NUMBER_OF_DAY = r"(0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th|ST|ND|RD|TH)?"
_DAY = rf"(?<![\d.,:/-]){_NUMBER_OF_DAY}"
_YEAR = r"(1\d{3}|20\d{2}|'\d{2})(?![\d:/]|[.,]\d)"
_TO = r"\s?[-\u2013]\s?"
_DAYS = {
    "Mon": "Monday", "Tues": "Tuesday", "Tue": "Tuesday", "Wed": "Wednesday", "Thurs": "Thursday",
    "Thur": "Thursday", "Thu": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip
_WEEKDAY = "|".join(_DAYS)
_FOUR_DIGITS = r"(1[1-9]\d{2}|20\d{2})"
_WHOLE_DECADES = "early|mid|late|the|his|her|their|my|our|your|in"


def _month(name: str) -> str:
    return _SHORT[name[:3].lower()]


def years(number: str) -> str:
    """Read a year of four digits, or of two after an apostrophe."""
    return short_year(number[-2:]) if len(number) < 4 else year(number)


def _date(day: str, month: str, year_digits: str | None) -> str:
    ending = f", {years(year_digits)}" if year_digits else ""
    return f"{month} {ordinal(day)}{ending}"


def _day_of(day: str, month: str, year_digits: str | None) -> str:
    ending = f", {years(year_digits)}" if year_digits else ""
    return f"{ordinal(day)} of {_month(month)}{ending}"


def _numbered(match: re.Match[str], day: str, month: str, year_digits: str) -> str:
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return match[0]
    return _date(day, _MONTHS[int(month) - 1], year_digits)


def _iso_date(match: re.Match[str]) -> str:
    year_digits, month, day, time_follows = match.groups()
    words = _numbered(match, day, month, year_digits)
    return f"{words}, " if time_follows and words != match[0] else words


def _numeric_date(match: re.Match[str]) -> str:
    """Read month first, as in American usage, unless that cannot be a month."""
    first, second, year_digits = match.groups()
    if int(first) > 12:
        first, second = second, first
    return _numbered(match, second, first, year_digits)


def _dotted_date(match: re.Match[str]) -> str:
    """Read day first, as is usual with full stops."""
    day, month, year_digits = match.groups()
    if int(month) > 12:
        day, month = month, day
    return _numbered(match, day, month, year_digits)


def _year_month(match: re.Match[str]) -> str:
    if int(match[2]) == (int(match[1]) + 1) % 100:  # 2001-02 is a season
        return f"{year(match[1])} to {short_year(match[2])}"
    return f"{_MONTHS[int(match[2]) - 1]} {year(match[1])}"


def _month_day(match: re.Match[str]) -> str:
    return f"{match[1]} {_date(match[3], _MONTHS[int(match[2]) - 1], None)}"


def _weekdays(match: re.Match[str]) -> str:
    return f"{_DAYS[match[1]]} to {_DAYS[match[2]]}"


# Applied before telephone numbers, which have as many hyphens.
NUMERIC: tuple[Rule, ...] = (
    rule(r"(?<![\d-])(\d{4})-(\d{2})-(\d{2})(?:(T)(?=\d\d:)|(?![\w-]))", _iso_date),
    rule(r"(?<![\w.,-])((?:19|20)\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])(?![\w-]|[.,]\d)",
         lambda m: _numbered(m, m[3], m[2], m[1])),
    rule(r"(?<![\d/])(\d{4})/(\d{1,2})/(\d{1,2})(?![\d/])", lambda m: _numbered(m, m[3], m[2], m[1])),
    rule(r"(?<![\d/])(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?![\d/])", _numeric_date),
    rule(r"(?<![\d-])(\d{1,2})-(\d{1,2})-(\d{4})(?![\d-])", _numeric_date),
    rule(r"(?<![\w.])(\d{1,2})\.(\d{1,2})\.((?:19|20)\d{2})(?![\w]|\.\d)", _dotted_date),
    rule(r"(?<![\w-])((?:19|20)\d{2})-(0[1-9]|1[0-2])(?![\w-]|\.\d)(?= (?!to\b)|[.,;)]|$)", _year_month),
    rule(rf"{_DAY}[-/]{_MONTH}[-/](1\d{{3}}|20\d{{2}}|\d{{2}})(?![\d-])", lambda m: _date(m[1], _month(m[2]), m[3])),
    rule(rf"(?<![\w-]){_MONTH}[-/](1\d{{3}}|20\d{{2}})(?![\d-])", lambda m: f"{_month(m[1])} {year(m[2])}"),
    rule(r"\b([Oo]n|[Bb]y|[Uu]ntil|[Dd]ue|[Ss]ince) (0?[1-9]|1[0-2])/(0?[1-9]|[12]\d|3[01])(?![\d/]| of\b)(?<!9/11)",
         _month_day),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    rule(r"\b([A-Z]{2,4})(?=(?:19|20)\d{2}[-\u2013/]\d{2}\b)", r"\1 "),
    rule(rf"\b({_WEEKDAY})\.?{_TO}({_WEEKDAY})\b", _weekdays),
    rule(rf"\b({_WEEKDAY})(?:\.|\b)(?=,? (?:\d{{1,2}}(?:st|nd|rd|th)? )?{_MONTH})", lambda m: _DAYS[m[1]]),
    rule(rf"\b{_MONTH}\.?{_TO}{_MONTH}", lambda m: f"{_month(m[1])} to {_month(m[2])}"),
    rule(rf"\b{_MONTH}\.? {_DAY}{_TO}{_NUMBER_OF_DAY},? {_YEAR}",
         lambda m: f"{_month(m[1])} {ordinal(m[2])} to {ordinal(m[3])}, {years(m[4])}"),
    rule(rf"\b{_MONTH}\.? {_DAY}{_TO}{_NUMBER_OF_DAY}(?![\d:%/.-])\b",
         lambda m: f"{_month(m[1])} {ordinal(m[2])} to {ordinal(m[3])}"),
    rule(rf"(?:\b((?i:the|from|between)) )?{_DAY}{_TO}{_NUMBER_OF_DAY}(?: of)? {_MONTH}(?:\.?,? {_YEAR})?",
         lambda m: f"{_lead(m[1])}{ordinal(m[2])} to {_day_of(m[3], m[4], m[5])}"),
    rule(rf"\b{_MONTH}\.? {_DAY}{_TO}{_MONTH}\.? {_NUMBER_OF_DAY}(?:,? {_YEAR})?(?![\d:%/-])",
         lambda m: f"{_date(m[2], _month(m[1]), None)} to {_date(m[4], _month(m[3]), m[5])}"),
    rule(rf"{_DAY} {_MONTH}{_TO}{_NUMBER_OF_DAY} {_MONTH}(?:,? {_YEAR})?",
         lambda m: f"the {_day_of(m[1], m[2], None)} to the {_day_of(m[3], m[4], m[5])}"),
    rule(rf"\b(the|The) {_DAY}(?: of)? {_MONTH}(?:\.(?=,?\s+[a-z]))?(?:,? {_YEAR})?",
         lambda m: f"{m[1]} {_day_of(m[2], m[3], m[4])}"),
    rule(rf"\b{_MONTH}\.? (?:the )?{_DAY},? {_YEAR}", lambda m: _date(m[2], _month(m[1]), m[3])),
    rule(rf"{_DAY} of {_MONTH}\.?,? {_YEAR}", lambda m: f"the {_day_of(m[1], m[2], m[3])}"),
    rule(rf"{_DAY} {_MONTH}\.?,? {_YEAR}", lambda m: _date(m[1], _month(m[2]), m[3])),
    rule(rf"\b{_MONTH}\.? {_DAY}(?![\d:%/-]|[.,]\d|\s?(?:[ap]\.?m\b|percent|%))",
         lambda m: _date(m[2], _month(m[1]), None)),
    rule(rf"{_DAY}(?: of)? {_MONTH}(?:\.(?=,?\s+[a-z]))?", lambda m: f"the {_day_of(m[1], m[2], None)}"),
    rule(rf"\b{_MONTH}\.?,? {_YEAR}", lambda m: f"{_month(m[1])} {years(m[2])}"),
    rule(r"(?<![\w.,/])'?(\d{1,3}0)(?:'?s)?" + _TO + r"'?(\d{1,3}0)'?s\b", lambda m: _decades(m)),
    rule(r"(?<![\d.,])([12]\d{2}0)'?s\b", lambda m: decade(m[1])),
    rule(r"(?<![\w.,])'([2-9]0)'?s\b", lambda m: decade(m[1])),
    rule(rf"\b({_WHOLE_DECADES})([ -])([2-9]0)'?s\b", lambda m: f"{m[1]}{m[2]}{decade(m[3])}", re.IGNORECASE),
    rule(r"(?<![\w'])'(\d{2})\b(?!')", lambda m: short_year(m[1])),
    rule(rf"(?<![\d.,$-]){_FOUR_DIGITS}{_TO}{_FOUR_DIGITS}(?![\d.,-]\d|\d)(?!\s?(?:%|k?[mg]\b|[kc]m\b|px\b))",
         lambda m: f"{year(m[1])} to {year(m[2])}"),
    rule(rf"(?<![\d.,$-]){_FOUR_DIGITS}[-\u2013](\d{{2}})(?![\d,.-]\d|\d|\s?%)",
         lambda m: f"{year(m[1])} to {short_year(m[2])}"),
    rule(r"(?<![\d.,$/-])((?:19|20)\d{2})/(\d{2})(?![\d/])", lambda m: f"{year(m[1])} {short_year(m[2])}"),
    # Next to an era, a year is read in pairs, even if it would not be alone.
    rule(r"\b(A\.?D\.?) (\d{1,4})(?![\d,])", lambda m: f"A D {_era_year(m[2])}"),
    rule(r"(?<![\d.,])(\d{1,4}) ?(A\.D\.|B\.C\.E\.|B\.C\.|C\.E\.|AD\b|BCE\b|BC\b|CE\b)", lambda m: _before_era(m)),
    rule(r"(?<=century) (A\.D\.|B\.C\.E\.|B\.C\.|C\.E\.|AD|BCE|BC|CE)(?!\w)", lambda m: f" {_era(m, 1)}"),
    rule(r"(?<=centuries) (A\.D\.|B\.C\.E\.|B\.C\.|C\.E\.|AD|BCE|BC|CE)(?!\w)", lambda m: f" {_era(m, 1)}"),
)  # fmt: skip


def _lead(word: str | None) -> str:
    if word is None:
        return "the "
    return f"{word} " if word.lower() == "the" else f"{word} the "


def _decades(match: re.Match[str]) -> str:
    return f"{decade(match[1])} to {decade(match[2])}"


def _era_year(number: str) -> str:
    return year(number) if len(number) == 4 else cardinal(number)


def _era(match: re.Match[str], group: int) -> str:
    """Spell an era; its last full stop may also end the sentence."""
    ends = match[group].endswith(".") and not match.string[match.end() :].strip("\"')]")
    return " ".join(match[group].replace(".", "")) + ("." if ends else "")


def _before_era(match: re.Match[str]) -> str:
    return f"{_era_year(match[1])} {_era(match, 2)}"


# A bare number of four digits is more often a year than a quantity; applied last.
BARE_YEAR: Rule = rule(
    r"(?<![\d.,:/$-])(1[1-9]\d{2}|10[1-9]\d|20\d{2})(?![\d:/]|[.,]\d)", lambda m: year(m[1])
)
