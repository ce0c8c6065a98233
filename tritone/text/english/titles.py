"""Titles before names, and suffixes after names."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..rules import Rule, alternatives, rule

TITLES = {
    "Mr": "Mister", "Mrs": "Missus", "Ms": "Ms", "Messrs": "Messieurs", "Dr": "Doctor", "Drs": "Doctors",
    "Prof": "Professor", "Profs": "Professors", "Gen": "General", "Col": "Colonel", "Maj": "Major", "Capt": "Captain",
    "Cpt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Cpl": "Corporal", "Pvt": "Private", "Adm": "Admiral",
    "Cmdr": "Commander", "Cdr": "Commander", "Brig": "Brigadier", "Rev": "Reverend", "Hon": "Honorable",
    "Gov": "Governor", "Sen": "Senator", "Sens": "Senators", "Rep": "Representative", "Reps": "Representatives",
    "Pres": "President", "St": "Saint", "Sts": "Saints", "Mt": "Mount", "Mts": "Mounts", "Ft": "Fort", "Fr": "Father",
    "Supt": "Superintendent", "Det": "Detective", "Insp": "Inspector", "Atty": "Attorney", "Amb": "Ambassador",
    "Cllr": "Councillor", "Mme": "Madame", "Mlle": "Mademoiselle", "Pt": "Point",
}  # fmt: skip
# Without a full stop, these are as often ordinary words.
_ONLY_WITH_STOP = frozenset(["Ms", "Hon", "Fr", "Pres", "Det", "Amb", "Mts", "Sts", "Pt"])
_NO_GENERAL = r"(?!(?:Z|X|Y|Alpha|Beta|AI|Con|Xers|Zers)\b)"  # Gen Z is a generation


def any_of(words: Iterable[str]) -> str:
    """Return a pattern for any of these abbreviations without its full stop."""
    return rf"(?<![\w.&'])({alternatives([*words])})"


def shouted(words: Iterable[str]) -> list[str]:
    """Return the words, each also in capitals."""
    return [form for word in words for form in (word, word.upper())]


def long_form(table: dict[str, str], short: str) -> str:
    """Expand an abbreviation, keeping its capitalisation."""
    word = table.get(short) or table.get(short.capitalize()) or table[short.lower()]
    if short.isupper() and len(short) > 1:
        return word.upper()
    return word.capitalize() if short[0].isupper() else word


def _title(match: re.Match[str]) -> str:
    return long_form(TITLES, match[1])


_BARE = [title for title in TITLES if title not in _ONLY_WITH_STOP]

RULES: tuple[Rule, ...] = (
    rule(r"(?<![\w.])([BM])\.?\s?Sc\b\.?", r"\1 S C"),
    rule(any_of(["Mr", "Mrs", "Dr", "Prof", "Drs", "Sgt", "Rev", "Capt", "Lt"]) + r"\.?(?= (?:and|&|or) (?:Mr|Mrs|Ms|Dr|Prof)\b)",
         _title),
    rule(r"(?<![\w.])Ph\.?\s?D(s?)\b\.?(?=(\s+[A-Z]|[\"')\]]*$)?)", lambda m: f"P H D{m[1]}"),
    rule(any_of(shouted(TITLES)) + r"\.(?=\s?-?[A-Z])" + _NO_GENERAL, _title),
    rule(any_of(shouted(_BARE)) + rf"(?=\s{_NO_GENERAL}[A-Z][a-z'])", _title),
    rule(r"\b([Tt]he|[Aa]|[Mm]y|[Hh]is|[Hh]er|[Oo]ur|[Yy]our|[Tt]heir) Dr\.?(?= [a-z])", r"\1 Doctor"),
    rule(any_of(form.upper() for form in _BARE if form not in ("Gen", "Col", "Rep", "Reps", "Adm")) + r"(?=\s[A-Z]{3,})",
         _title),
    rule(any_of(shouted(TITLES.keys() - {"St", "Dr", "Mt", "Ft", "Pt"})) + r"\.", _title),
    rule(r"(?<=[A-Z][a-z] )(Jr|Sr)\b(?!\.)", lambda m: {"Jr": "Junior", "Sr": "Senior"}[m[1]]),
    rule(r"(?<=[a-z], )(Jr|Sr)\b(?!\.)", lambda m: {"Jr": "Junior", "Sr": "Senior"}[m[1]]),
    rule(r"(?<=[a-z] )(Jr|Sr)\b(?!\.)", lambda m: {"Jr": "Junior", "Sr": "Senior"}[m[1]]),
)  # fmt: skip
