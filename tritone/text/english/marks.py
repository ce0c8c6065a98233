"""Punctuation marks, reduced to the four that every checkpoint was trained with."""

from __future__ import annotations

from ..rules import Rule, rule


def _strongest(marks: str) -> str:
    return next(mark for mark in "?!.," if mark in marks) + " "


RULES: tuple[Rule, ...] = (
    rule(r"(?<!\.)\.{2,}(?=\s*[a-z])", ","),
    rule(r"(?<=\w)\s*(?:--+|\u2014|\s[-\u2013]\s|\u2013)\s*", ", "),
    rule(r"[;:()\[\]{}|]", ","),
    rule(r"(?<![A-Za-z])'|'(?![A-Za-z])", " "),
    rule(r"(?<![A-Za-z])-|-(?![A-Za-z])", " "),
    rule(r"[^A-Za-z'\-.,?!]", " "),
    rule(r"\s+", " "),
    rule(r" ?[.,?!][ .,?!]*", lambda match: _strongest(match[0])),
)
