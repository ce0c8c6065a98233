"""Web and e-mail addresses, paths, file names, and other words that contain signs."""

from __future__ import annotations

import re

from ..rules import Rule, rule

_TOP_DOMAINS = "com|org|net|edu|gov|mil|int|info|biz|io|ai|co|dev|app|uk|us|ca|de|fr|eu|au|ch|nl|jp|tv|me|ly|gg|xyz|in|it|es|se|no|at|be|nz|ie|us|cn|br|ru|pl|fm|be|gl|so|sh"
_HOST = rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,6}}(?:{_TOP_DOMAINS})"

_SIGNS = {
    ".": "dot", "/": "slash", "\\": "backslash", "@": "at", ":": "colon", "-": "dash", "_": "underscore",
    "?": "question mark", "=": "equals", "&": "and", "#": "hash", "%": "percent", "+": "plus", "~": "tilde",
    ",": "comma", "$": "dollar", "*": "star", "!": "exclamation mark", ";": "semicolon", "|": "bar", "^": "caret",
}  # fmt: skip
_ENDING = ".,;:!?)'\"]"  # marks that belong to the sentence at the end of an address


def _spoken(match: re.Match[str]) -> str:
    address = match[0]
    kept = address.rstrip(_ENDING)
    ending = address[len(kept) :]
    kept = re.sub(r"^(?:mailto:|[a-z]{2,6}://)", "", kept, flags=re.IGNORECASE)
    if not kept.startswith("/"):
        kept = kept.rstrip("/")
    kept = re.sub(r"\bwww\b", "W W W", kept, flags=re.IGNORECASE)
    words = re.sub(r"[^A-Za-z0-9 ]", lambda sign: f" {_SIGNS.get(sign[0], ' ')} ", kept)
    return f" {' '.join(words.split())}{ending} "


def _name(match: re.Match[str]) -> str:
    """Read identifiers like user_name, and handles after an at sign."""
    return f" {' '.join(match[0].replace('_', ' underscore ').replace('@', ' at ').split())} "


RULES: tuple[Rule, ...] = (
    rule(
        r"\b(?:https?|ftp|s3|ssh|wss?|grpc|file|git|mailto):(?://)?[^\s<>\"]+(?<=[\w/=&#+-])",
        _spoken,
        re.IGNORECASE,
    ),
    rule(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,20}\b", _spoken),
    rule(
        rf"(?<![\w.@-])(?:www\.)?{_HOST}\b(?!\.[A-Za-z])(?::\d{{1,5}})?(?:[/?#][^\s<>\"]*)?",
        _spoken,
        re.IGNORECASE,
    ),
    rule(r"(?<![\w.@-])www\.[\w.-]{1,100}\w(?:[/?#][^\s<>\"]*)?", _spoken, re.IGNORECASE),
    rule(r"\blocalhost:\d{1,5}(?:/[^\s<>\"]*)?", _spoken),
    rule(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}:\d{1,5}(?:/[^\s<>\"]*)?", _spoken),
    rule(r"(?<!\w)[A-Za-z]:\\[^\s<>\"|?*]*", _spoken),
    rule(r"(?<![\w/.)])~?(?:/[A-Za-z_.][\w.+-]{0,60}){2,12}/?", _spoken),
    rule(r"(?<![\w/])(?:~|\.{1,2})/[\w./+-]{1,200}", _spoken),
    rule(r"(?<![\w@])@[A-Za-z]\w{0,30}", _name),
    rule(r"(?<!\w)[A-Za-z0-9]{1,40}(?:_[A-Za-z0-9]{1,40}){1,8}(?![\w])(?=\.?\w|\()", _name),
    # A dot inside a word is read, as in file names; before a capital, a space is missing.
    rule(r"(?<=[a-z]{2})\.(?=[A-Z][a-z])", ". "),
    rule(r"(?<=[A-Za-z]{2})\.(?=[A-Za-z0-9]{2,})", " dot "),
    rule(r"(?<=[A-Za-z]\d)\.(?=[A-Za-z]{2,})", " dot "),
    rule(r"(?<![\w.?!,])\.(?=[A-Za-z]{2,})", " dot "),
)
