"""Dimensions with a multiplication sign, and multiples."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, pairs
from .patterns import NUMBER, VALUE, value
from .units import UNIT

_CROSS = r"\s?[x\u00d7X]\s?"
_MARK = r"(?:\s?(?:in\b\.?|[\"']))"


def _size(match: re.Match[str]) -> str:
    """Read pixel counts in pairs, as in 1920x1080, and other dimensions as numbers."""
    parts = re.split(_CROSS, match[0])
    pixels = all(re.fullmatch(r"\d{3,4}", part) for part in parts) and any(
        len(part) == 4 or part[-2:] != "00" for part in parts
    )
    return " by ".join(pairs(part) if pixels else value(part) for part in parts)


def _measured(match: re.Match[str]) -> str:
    return re.sub(rf"(?<=[\w\"'.]){_CROSS}(?=\d)", " by ", match[0])


def _several(number: str) -> str:
    return f"{number}es" if number.endswith("x") else f"{number}s"


def _times(match: re.Match[str]) -> str:
    return f"{value(match[1])} times"


RULES: tuple[Rule, ...] = (
    rule(r"\b(\d{1,2})[x\u00d7](\d{1,2})s\b", lambda m: f"{cardinal(m[1])} by {_several(cardinal(m[2]))}"),
    rule(rf"{VALUE}{_MARK}(?:{_CROSS}{VALUE}{_MARK}){{1,3}}", _measured),
    rule(
        rf"{VALUE}(?:\s?{UNIT})?(?:{_CROSS}{VALUE}(?:\s?{UNIT})?){{0,2}}{_CROSS}{VALUE}\s?(?:{UNIT}|in\b|[\"'])",
        _measured,
    ),
    rule(
        r"(?<![\w.])\d{1,5}(?:\.\d{1,3})?(?:[xX\u00d7]\d{1,5}(?:\.\d{1,3})?){1,3}(?![\w.]*[A-Za-z0-9=]| =)",
        _size,
    ),
    rule(r"(?<![\w.])\d{3,5} [x\u00d7] \d{3,5}(?![\w.]*[A-Za-z0-9]| =)", _size),
    rule(rf"(?<![=+*/-] )(?<![=+*/-])({NUMBER})[x\u00d7](?!\w)(?!\s?[=+\u2212/*<>-])", _times),
)
