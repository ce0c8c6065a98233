"""Telephone and account numbers: digit by digit, with a pause between groups."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .codes import spell
from .numbers import digits

_END = r"(?![\w]|[-.:]\d| \d)"
_EXTENSION = r"(?:,?\s(?:x|ext\.?|extension)\s?(\d{1,6}))?"
_EMERGENCY = "911|999|112|988|411|311|211|511|811|101|111|000|1471"


def _groups(match: re.Match[str]) -> str:
    extension = match[1] if match.re.groups else None
    written = match[0] if not extension else match[0][: match.start(1) - match.start()]
    groups = re.findall(r"\d+", written)
    words = ("plus " if written.startswith("+") else "") + ", ".join(digits(group) for group in groups)
    return f" {words}, extension {digits(extension)}" if extension else words


def _with_word(match: re.Match[str]) -> str:
    """Read a number that ends with letters: 1-800-FLOWERS."""
    return ", ".join(digits(group) for group in re.findall(r"\d+", match[1])) + f", {match[2].lower()}"


RULES: tuple[Rule, ...] = (
    rule(rf"(?<![\w.])\+(?=(?:[-. ()]{{0,3}}\d){{7,15}}(?!\d))\d{{1,3}}(?:[-. ]?\(?\d{{1,5}}\)?){{1,6}}(?!\w|[-.]\d){_EXTENSION}", _groups),
    rule(rf"(?<![\w.-])(?:1[-. ])?\(?\d{{3}}\)?[-. ]?\s?\d{{3}}[-. ]\d{{4}}{_END}{_EXTENSION}", _groups),
    rule(rf"(?<![\w.-])\d{{3}}-\d{{4}}{_END}{_EXTENSION}", _groups),
    rule(rf"(?<![\w.,:/-])(?<!\d )(?:\(0\d{{1,5}}\)\s?|0\d{{1,5}}[- ])\d{{2,8}}(?:[- ]\d{{2,8}}){{0,3}}{_END}{_EXTENSION}", _groups),
    rule(r"(?<![\w.-])\d{4}(?: \d{4}){2,4}(?![\w-]| \d)", _groups),
    rule(r"\b((?:1-)?8\d\d)-([A-Z]{4,10}|[A-Z]{3}-[A-Z]{4})\b", _with_word),
    rule(r"(?<![\w.-])\d{1,9}(?:-\d{1,9}){2,8}(?![\w-])", _groups),
    rule(rf"(?i)\b(call|calls|called|calling|dial|dialed|dialing|phone|phoned|text|ring) ({_EMERGENCY})\b",
         lambda m: f"{m[1]} {digits(m[2])}"),
    rule(r"(?i)\b((?:phone|number|call|text|dial|cell|mobile|fax|tel|telephone)(?: number)?(?: is| at| me at| us at)?:? )"
         r"(\d{3})(\d{3})(\d{4})(?!\d)", lambda m: m[1] + ", ".join(map(digits, m.groups()[1:]))),
    rule(r"(?i)\bext\.?\s?(\d{1,6})\b", lambda m: f"extension {digits(m[1])}"),
    rule(r"(?<!\w)x(\d{3,6})\b", lambda m: f"extension {digits(m[1])}"),
    rule(r"(?i)\b(zip(?: code)?|code|pin|password|account|flight|passcode) (0\d{2,11})\b",
         lambda m: f"{m[1]} {spell(m[2])}"),
)  # fmt: skip
