"""Other numbers: fractions, ordinals, ratios and cardinals."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, digits, ordinal, quantity
from .patterns import FRACTION, NUMBER, value

_RATIO = "ratio|ratios|scale|odds|mixture|mix"

FRACTIONS: tuple[Rule, ...] = (
    rule(rf"({FRACTION})(?:rds|ths|th|nds|nd|rd|st)?(?![\w/])", lambda m: value(m[1])),
    rule(r"(?<![\d.,/])(\d{1,9})/(\d{1,9})(?![\d/])", lambda m: f"{cardinal(m[1])} slash {cardinal(m[2])}"),
)

RULES: tuple[Rule, ...] = (
    rule(r"(?<![\d.])(\d{1,3}(?:,\d{3})*|\d{1,15})(?i:st|nd|rd|th)\b", lambda m: ordinal(m[1])),
    rule(r"#\s?(?=\d)", " number "),
    rule(r"(?<=\d)\s?:\s?(?=\d)", " to "),
    rule(r"(?<=\d)\+(?=\s|$|[,.;)])", " plus"),
    rule(r"(?<![\d.])\.(\d{1,15})(?![\d.])", lambda m: f" point {digits(m[1])} "),
)

_SCRIPTURE = (
    "Genesis|Exodus|Leviticus|Numbers|Deuteronomy|Joshua|Judges|Ruth|Samuel|Kings|Chronicles|Ezra|Nehemiah|Esther|Job|"
    "Psalms?|Proverbs|Ecclesiastes|Isaiah|Jeremiah|Ezekiel|Daniel|Hosea|Joel|Amos|Micah|Matthew|Mark|Luke|John|Acts|"
    "Romans|Corinthians|Galatians|Ephesians|Philippians|Colossians|Thessalonians|Timothy|Titus|Hebrews|James|Peter|"
    "Jude|Revelation|Quran|Surah"
)
_OUT_OF = "scored|score|scores|rated|rating|rate|got|grade|gave it|mark|marks"


def _verse(match: re.Match[str]) -> str:
    book, chapter, first, last = match.groups()
    return f"{book} {cardinal(chapter)} {cardinal(first)}" + (f" to {cardinal(last)}" if last else "")


RATIOS: tuple[Rule, ...] = (
    rule(rf"\b({_SCRIPTURE}) (\d{{1,3}}):(\d{{1,3}})(?:\s?[-\u2013]\s?(\d{{1,3}}))?(?![\d:])", _verse),
    rule(rf"\b({_OUT_OF})( of| a| an)? (\d{{1,3}})/(10|20|50|100)(?![\d/])",
         lambda m: f"{m[1]}{m[2] or ''} {cardinal(m[3])} out of {cardinal(m[4])}"),
    rule(r"\b24/7/365\b", "twenty four seven three sixty five"),
    rule(r"(?<![\w.-])50[-\u2013]50(?![\w.-])", "fifty fifty"),
    rule(rf"\b({_RATIO})( of)? (\d{{1,6}}):(\d{{1,6}})(?!\d)",
         lambda m: f"{m[1]}{m[2] or ''} {cardinal(m[3])} to {cardinal(m[4])}"),
    rule(rf"(?<![\d:])(\d{{1,6}}):(\d{{1,6}}) (?=(?:{_RATIO})\b)", lambda m: f"{cardinal(m[1])} to {cardinal(m[2])} "),
)  # fmt: skip

REST: tuple[Rule, ...] = (
    rule(rf"({NUMBER})(?=-[A-Za-z])", lambda m: f" {quantity(m[1])}"),
    rule(rf"(?<=[A-Za-z]-)({NUMBER})", lambda m: f"{quantity(m[1])} "),
    rule(rf"({NUMBER})", lambda m: f" {value(m[1])} "),
    rule(r"\d{1,15}", lambda m: f" {cardinal(m[0])} "),
)
