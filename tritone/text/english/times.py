"""Times of day, with a.m., p.m. and time zones, and durations."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .initialisms import letter_names
from .numbers import cardinal, quantity, short_year
from .sentences import OPENERS

_ZONES = (
    "UTC|GMT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|AKST|HST|BST|CET|CEST|EET|EEST|MSK|IST|JST|KST|SGT|HKT|AEST|AEDT|ACST|"
    "AWST|NZST|NZDT|WIB|ET|CT|MT|PT"
)
_HALF = r"( [AP] M\b[.,]?)"
_CLOCK = r"(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
_UNITS = {
    "d": "day",
    "h": "hour",
    "m": "minute",
    "s": "second",
    "min": "minute",
    "hr": "hour",
    "sec": "second",
}
_PART = r"\d{1,5}(?:\.\d{1,3})?\s?"


def _half_of_day(match: re.Match[str]) -> str:
    """Read a.m. or p.m. as letters; its last full stop may also end the sentence."""
    letter, stop = match.groups()
    after = match.string[match.end() : match.end() + 20]
    mark = ""
    if stop:
        opener = re.match(r"\s+([A-Z][a-z]*)", after)
        if not after.strip("\"')]") or (opener and opener[1] in OPENERS):
            mark = "."
        elif opener:
            mark = "," if not re.match(rf"\s+(?:{_ZONES})\b", after) else ""
    return f" {letter.upper()} M{mark}"


def _minutes(minute: str) -> str:
    return "" if minute == "00" else f" {short_year(minute)}"


def _time(match: re.Match[str]) -> str:
    hour, minute, second, decimals, half = match.groups()
    if int(hour) > 24 or int(minute) > 59:
        if ":" not in match[0]:
            return match[0]
        words = f"{cardinal(hour)} {short_year(minute)}" + (f" {short_year(second)}" if second else "")
        return words + (f" point {' '.join(map(cardinal, decimals))}" if decimals else "")
    words = cardinal(str(int(hour))) + _minutes(minute)
    if minute == "00" and not half and not second:
        words += " o'clock" if 1 <= int(hour) <= 12 else " hundred hours"
    if second and (second != "00" or decimals):
        unit = "second" if second == "01" and not decimals else "seconds"
        words += f" and {quantity(str(int(second)) + (f'.{decimals}' if decimals else ''))} {unit}"
    return words + (half or "")


def _zoned(match: re.Match[str]) -> str:
    """Read a time with a time zone, without o'clock at full hours."""
    before, zone = match.group("clock"), match.group("zone")
    hour, minute, second, decimals = match.groups()[1:5]
    if int(hour) > 24 or int(minute) > 59:
        return match[0]
    words = cardinal(str(int(hour))) + _minutes(minute)
    if minute == "00" and int(hour) in (0, *range(13, 25)):
        words += " hundred"
    if second and (second != "00" or (decimals and int(decimals))):
        exact = decimals if decimals and int(decimals) else None
        words += f" and {quantity(str(int(second)) + (f'.{exact}' if exact else ''))} seconds"
    offset = re.fullmatch(r"([+\u2212-])(\d{2}):?(\d{2})", zone)
    if offset:
        sign = "plus" if offset[1] == "+" else "minus"
        return f"{words} {sign} {cardinal(str(int(offset[2])))}{_minutes(offset[3])} " if before else match[0]
    return f"{words} {letter_names(zone.strip())} "


def _offset(match: re.Match[str]) -> str:
    zone, sign, hour, minute = match.groups()
    words = f"{letter_names(zone)} {'plus' if sign == '+' else 'minus'} {cardinal(str(int(hour)))}"
    return words + (_minutes(minute) if minute else "")


def _duration(match: re.Match[str]) -> str:
    words = []
    for number, unit in re.findall(r"(\d{1,5}(?:\.\d{1,3})?)\s?([a-z]+)", match[0]):
        noun = _UNITS[unit]
        words.append(f"{quantity(number)} {noun}{'' if number == '1' else 's'}")
    return " ".join(words)


RULES: tuple[Rule, ...] = (
    rule(rf"(?<![\w.,])(?:{_PART}d\s?)?{_PART}(?:h|hr)\s?{_PART}(?:m|min)(?:\s?{_PART}(?:s|sec))?\b", _duration),
    rule(rf"(?<![\w.,]){_PART}(?:m|min)\s?{_PART}(?:s|sec)\b", _duration),
    rule(rf"(?<![\w.,]){_PART}d\s?{_PART}(?:h|hr)\b", _duration),
    rule(r"(?<=\d)\s?([ap])\.?\s?m\b(\.?)(?!\w)", _half_of_day, re.IGNORECASE),
    rule(r"(?<![\d.,:])(\d{1,2})\.([0-5]\d)(?= [AP] M\b)", r"\1:\2"),
    rule(rf"(?<=\d){_HALF}?\s?[-\u2013]\s?(?=\d{{1,2}}(?::\d\d| [AP] M))",
         lambda m: f"{m[1] or ''} to "),
    rule(rf"\b({_ZONES}) ?([+\u2212-])(\d{{1,2}})(?::?(\d\d))?\b", _offset),
    rule(rf"(?<![\w:.])(?P<clock>(\d{{1,2}}):(\d{{2}})(?::(\d{{2}})(?:[.,](\d{{1,9}}))?)?)"
         rf"(?P<zone>Z\b|[+\u2212-]\d{{2}}:?\d{{2}}\b| (?:{_ZONES})\b)", _zoned),
    rule(rf"(?<![\w:.]){_CLOCK}(?![\d:])()\s?h(?:rs)?\b", lambda m: f"{_time(m).removesuffix(' hours')} hours"),
    rule(rf"(?<![\w:.]){_CLOCK}(?![\d:]){_HALF}?", _time, re.IGNORECASE),
    rule(rf"([AP]) M ({_ZONES})\b", lambda m: f"{m[1]} M {letter_names(m[2])}"),
)  # fmt: skip
