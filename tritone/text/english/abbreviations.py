"""Abbreviations with a full stop, and initials."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .sentences import OPENS_SENTENCE
from .titles import TITLES, any_of, long_form

_ANYWHERE = {
    "vs": "versus", "e.g": "for example", "E.g": "for example", "i.e": "that is", "I.e": "that is",
    "cf": "compare", "approx": "approximately", "dept": "department", "govt": "government", "gov't": "government",
    "max": "maximum", "min": "minimum", "avg": "average", "misc": "miscellaneous", "temp": "temperature",
    "incl": "including", "excl": "excluding", "resp": "respectively", "intl": "international", "natl": "national",
    "tel": "telephone", "Tel": "telephone", "Approx": "approximately", "Ref": "reference", "Incl": "including",
    "Govt": "government", "ref": "reference", "encl": "enclosed", "viz": "namely", "hrs": "hours", "mins": "minutes",
    "secs": "seconds", "yrs": "years", "wks": "weeks", "mos": "months", "ed": "edition", "repr": "reprint",
    "assoc": "association", "Assn": "Association", "Univ": "University",
    "ibid": "ibidem", "esp": "especially", "exec": "executive", "ext": "extension",
}  # fmt: skip
_CLOSING = {  # these may end a sentence, together with their full stop
    "etc": "et cetera", "Jr": "Junior", "Sr": "Senior", "Esq": "Esquire", "Inc": "Incorporated",
    "Ltd": "Limited", "Co": "Company", "Corp": "Corporation", "Bros": "Brothers", "al": "al", "dept": "department",
    "govt": "government", "approx": "approximately", "max": "maximum", "min": "minimum", "avg": "average",
    "yrs": "years", "hrs": "hours", "mins": "minutes", "secs": "seconds", "Ave": "Avenue", "St": "Street",
    "Rd": "Road", "Blvd": "Boulevard", "Dr": "Drive", "Dept": "Department", "Assn": "Association", "Intl": "International",
}  # fmt: skip
_DATES = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Jun": "June", "Jul": "July", "Aug": "August",
    "Sep": "September", "Sept": "September", "Oct": "October", "Nov": "November", "Dec": "December", "Mon": "Monday",
    "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday",
}  # fmt: skip
_CLOSING |= _DATES
_ANYWHERE |= _DATES
_BEFORE_NUMBERS = {
    "No": "number", "Nos": "numbers", "nos": "numbers", "Fig": "figure", "fig": "figure",
    "Figs": "figures", "figs": "figures", "Vol": "volume", "vol": "volume", "Vols": "volumes", "Ch": "chapter",
    "ch": "chapter", "Chap": "chapter", "Sec": "section", "sec": "section", "Eq": "equation", "eq": "equation",
    "Art": "article", "Tab": "table", "Ex": "example", "ex": "example", "App": "appendix", "para": "paragraph",
    "pp": "pages", "p": "page", "pg": "page", "pgs": "pages", "ca": "circa", "c": "circa", "est": "established",
    "Est": "established", "b": "born", "d": "died", "r": "reigned", "Op": "opus", "op": "opus", "approx": "approximately",
    "v": "version", "ver": "version", "Ver": "version", "vers": "version", "Pt": "part", "pt": "part", "Ep": "episode",
    "ep": "episode", "ln": "line", "Mk": "mark",
}  # fmt: skip
_PLAIN_BEFORE_NUMBERS = {
    "No": "number", "Nos": "numbers", "Fig": "figure", "Figs": "figures", "Vol": "volume", "pp": "pages",
    "approx": "approximately", "Mk": "mark", "Ep": "episode", "Eq": "equation", "Ch": "chapter",
}  # fmt: skip
# A duration without a number in digits: "it took a min."
_TIMES = {"min": "minute", "mins": "minutes", "hr": "hour", "hrs": "hours", "sec": "second", "secs": "seconds",
          "yr": "year", "yrs": "years", "wk": "week", "wks": "weeks", "mo": "month", "mos": "months"}  # fmt: skip
_COUNTING = (
    "a|an|one|per|each|every|another|this|last|next|the|two|three|four|five|six|seven|eight|nine|ten|few|many|several|some|"
    "half an|couple of"
)
ABBREVIATIONS = frozenset(
    word.lower() for table in (_ANYWHERE, _CLOSING, _BEFORE_NUMBERS, _TIMES, TITLES) for word in table
)

# Whether an abbreviation ends a sentence is ambiguous. Only at the end of the text is the full stop certain.
_END = r"(?=[\"')\]]*$)"
_MAY_END = rf"(?=[\"')\]]*$|{OPENS_SENTENCE})"


def _initials(match: re.Match[str]) -> str:
    return " ".join(match[0].replace(".", "").upper())


def _time(match: re.Match[str]) -> str:
    return f"{match[1]} {_TIMES[match[2]]}"


_UNCOUNTED = rf"(?<![\w.])({_COUNTING}) ({'|'.join(sorted(_TIMES, key=len, reverse=True))})"
_BEFORE_FIGURES = r"(?=\s*[#~]?\d)"

RULES: tuple[Rule, ...] = (
    rule(rf"{_UNCOUNTED}\.(?=[\"')\]]*$|\s+[A-Z])", lambda m: _time(m) + "."),
    rule(rf"{_UNCOUNTED}\b(?!\.[a-z])\.?(?! ?\.)", _time),
    rule(any_of(_BEFORE_NUMBERS) + r"\." + _BEFORE_FIGURES, lambda m: long_form(_BEFORE_NUMBERS, m[1]) + " "),
    rule(any_of(_PLAIN_BEFORE_NUMBERS) + r"(?=\s+\d)", lambda m: long_form(_PLAIN_BEFORE_NUMBERS, m[1])),
    rule(r"(?<!\d[ -])" + any_of(_CLOSING) + r"\." + _MAY_END, lambda m: long_form(_CLOSING, m[1]) + "."),
    rule(r"(?<!\d[ -])" + any_of(_ANYWHERE) + r"\.(?=\s*[\w,;(\"'-])", lambda m: long_form(_ANYWHERE, m[1])),
    rule(r"(?<!\d[ -])" + any_of(_CLOSING) + r"\.", lambda m: long_form(_CLOSING, m[1])),
    rule(r"([a-z],? )(Inc|Ltd|Corp|Bros|Co)\b(?=[\s,]|$)", lambda m: m[1] + _CLOSING[m[2]]),
    rule(r"\betc\b", "et cetera"),
    rule(r"(?<![\w.])a\.?k\.?a\b\.?", "also known as"),
    rule(rf"(?<![\w.])(?:[A-Za-z]\.){{2,12}}{_END}", lambda m: _initials(m) + "."),
    rule(rf"(?<![\w.])(?:[A-Za-z]\.){{2,12}}(?={OPENS_SENTENCE})", lambda m: _initials(m) + "."),
    rule(r"(?<![\w.])(?:[A-Za-z]\.){2,12}(?:[A-Za-z]\b(?!['.]))?", _initials),
    rule(r"(?<![\w.])([A-HJ-Z])\.(?=\s+[A-Z])", r"\1"),
    rule(r"(?<=[A-Z][a-z] )(I)\.(?=\s+[A-Z][a-z])", r"\1"),
)  # fmt: skip
