"""Abbreviations with a full stop, initials, and Roman numerals behind what they count."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .numbers import cardinal, ordinal
from .rules import Rule, alternatives, rule

_TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Ms", "Messrs": "Messieurs", "Dr": "Doctor", "Prof": "Professor",
    "Gen": "General", "Col": "Colonel", "Maj": "Major", "Capt": "Captain", "Cpt": "Captain",
    "Lt": "Lieutenant", "Sgt": "Sergeant", "Cpl": "Corporal", "Adm": "Admiral", "Cmdr": "Commander",
    "Rev": "Reverend", "Hon": "Honorable", "Gov": "Governor", "Sen": "Senator", "Rep": "Representative",
    "Pres": "President", "St": "Saint", "Mt": "Mount", "Ft": "Fort", "Fr": "Father",
    "Supt": "Superintendent",
}  # fmt: skip
_ANYWHERE = {
    "vs": "versus", "e.g": "for example", "E.g": "for example", "i.e": "that is", "I.e": "that is",
    "cf": "compare", "approx": "approximately", "dept": "department", "govt": "government",
    "est": "established", "max": "maximum", "min": "minimum", "avg": "average", "misc": "miscellaneous",
    "assoc": "association", "Univ": "University", "Jan": "January", "Feb": "February", "Mar": "March",
    "Apr": "April", "Jun": "June", "Jul": "July", "Aug": "August", "Sep": "September", "Sept": "September",
    "Oct": "October", "Nov": "November", "Dec": "December", "Mon": "Monday", "Tue": "Tuesday",
    "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday", "Thurs": "Thursday",
    "Fri": "Friday",
}  # fmt: skip
_CLOSING = {  # these may end a sentence, and their full stop with it
    "etc": "et cetera", "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated",
    "Ltd": "Limited", "Co": "Company", "Corp": "Corporation", "Bros": "Brothers", "al": "al",
    "St": "Street", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Dr": "Drive", "Ln": "Lane",
    "Hwy": "Highway", "Sq": "Square",
}  # fmt: skip
_BEFORE_NUMBERS = {
    "No": "number", "Nos": "numbers", "Fig": "figure", "fig": "figure", "Figs": "figures", "figs": "figures",
    "Vol": "volume", "vol": "volume", "Ch": "chapter", "ch": "chapter", "Sec": "section", "Eq": "equation",
    "Art": "article", "pp": "pages", "p": "page", "ca": "circa", "c": "circa",
}  # fmt: skip

_COUNTED = (
    "War|Chapter|Part|Volume|Act|Book|Section|Phase|Type|Class|Title|Appendix|Scene|Stage|Level|Article"
)
_REIGNING = (
    "Henry|Louis|Charles|George|Edward|James|William|Elizabeth|Mary|Pius|Paul|John|Benedict|Gregory|Leo|Clement|"
    "Innocent|Napoleon|Richard|Philip|Peter|Catherine|Nicholas|Alexander|Ivan|Frederick|Francis|Robert|Ferdinand"
)
_ROMAN = "(I{1,3}|IV|VI{0,3}|IX|XI{0,3}|XIV|XVI{0,3}|XIX|XX)"
_ROMAN_DIGITS = {"I": 1, "V": 5, "X": 10}

# Sentence ends are hard to tell behind an abbreviation. Only where nothing follows is the full stop sure.
_END = r"(?=[\"')\]]*$)"


def _any(words: Iterable[str]) -> str:
    return rf"(?<![\w.])({alternatives([*words])})\."


def _shouted(words: Iterable[str]) -> list[str]:
    return [form for word in words for form in (word, word.upper())]


def _roman(numeral: str) -> str:
    values = [_ROMAN_DIGITS[digit] for digit in numeral]
    following = [*values[1:], 0]
    return str(sum(-v if v < after else v for v, after in zip(values, following, strict=True)))


def _long(table: dict[str, str], match: re.Match[str]) -> str:
    short = match[1]
    word = table.get(short) or table.get(short.capitalize()) or table[short.lower()]
    if short.isupper() and len(short) > 1:
        return word.upper()
    return word.capitalize() if short[0].isupper() else word


def _initials(match: re.Match[str]) -> str:
    return " ".join(match[0].replace(".", "").upper())


RULES: tuple[Rule, ...] = (
    rule(r"(?<![\w.])Ph\.?\s?D\b\.?", "P H D"),
    # St. and Dr. before a name are titles, behind one they are streets.
    rule(_any(_shouted(_TITLES)) + r"(?=\s+[A-Z])", lambda m: _long(_TITLES, m)),
    rule(_any(_shouted(_TITLES.keys() - _CLOSING)), lambda m: _long(_TITLES, m)),
    rule(_any(_BEFORE_NUMBERS) + r"(?=\s*\d)", lambda m: _long(_BEFORE_NUMBERS, m) + " "),
    rule(r"(?<!\d )" + _any(_ANYWHERE) + r"(?=\s*[\w,;(\"'-])", lambda m: _long(_ANYWHERE, m)),
    rule(_any(_CLOSING) + _END, lambda m: _long(_CLOSING, m) + "."),
    rule(r"(?<![\w.])(etc)\.(?=\s+[A-Z])", "et cetera."),
    rule(_any(_CLOSING), lambda m: _long(_CLOSING, m)),
    rule(r"(?<![\w.])(?:[A-Za-z]\.){2,12}" + _END, lambda m: _initials(m) + "."),
    rule(r"(?<![\w.])(?:[A-Za-z]\.){2,12}", _initials),
    rule(r"(?<![\w.])([A-HJ-Z])\.(?=\s+[A-Z])", r"\1"),
    rule(rf"(?<=\b)({_COUNTED}) {_ROMAN}\b", lambda m: f"{m[1]} {cardinal(_roman(m[2]))}"),
    rule(rf"\b({_REIGNING}) {_ROMAN}\b(?!\.)", lambda m: f"{m[1]} the {ordinal(_roman(m[2]))}"),
)  # fmt: skip
