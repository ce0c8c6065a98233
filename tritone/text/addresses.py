"""Web and e-mail addresses, file names, and other words with signs inside, made readable."""

from __future__ import annotations

import re

from .rules import Rule, rule

_TOP_DOMAINS = "com|org|net|edu|gov|int|info|biz|io|ai|co|dev|app|uk|us|ca|de|fr|eu|au|ch|nl|jp|tv|me"
_HOST = rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{_TOP_DOMAINS})"

_SIGNS = {
    ".": "dot",
    "/": "slash",
    "@": "at",
    ":": "colon",
    "-": "dash",
    "_": "underscore",
    "?": "question mark",
    "=": "equals",
    "&": "and",
    "#": "hash",
    "%": "percent",
    "+": "plus",
    "~": "tilde",
    ",": "comma",
}
_ENDING = ".,;:!?)'\""  # marks that belong to the sentence when they close an address


def _spoken(match: re.Match[str]) -> str:
    address = match[0]
    kept = address.rstrip(_ENDING)
    ending = address[len(kept) :]
    kept = re.sub(r"^[a-z]{2,6}://", "", kept, flags=re.IGNORECASE).rstrip("/")
    kept = re.sub(r"\bwww\b", "W W W", kept, flags=re.IGNORECASE)
    words = re.sub(r"[^A-Za-z0-9 ]", lambda sign: f" {_SIGNS.get(sign[0], ' ')} ", kept)
    return f" {words}{ending} "


RULES: tuple[Rule, ...] = (
    rule(r"\b(?:https?|ftp)://[^\s<>\"]+", _spoken, re.IGNORECASE),
    rule(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,20}\b", _spoken),
    rule(rf"(?<![\w.@-])(?:www\.)?{_HOST}\b(?:/[^\s<>\"]*)?", _spoken, re.IGNORECASE),
    # A dot inside a word is read, as in file names; before a capital it only lacks its space.
    rule(r"(?<=[a-z]{2})\.(?=[A-Z][a-z])", ". "),
    rule(r"(?<=[A-Za-z]{2})\.(?=[A-Za-z0-9]{2,})", " dot "),
)
