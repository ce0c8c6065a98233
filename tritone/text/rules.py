"""Normalisation rules: a pattern and its replacement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

Replacement = str | Callable[[re.Match[str]], str]
Rule = tuple[re.Pattern[str], Replacement]


def rule(pattern: str, replacement: Replacement, flags: int = 0) -> Rule:
    """Compile one rule."""
    return re.compile(pattern, flags), replacement


def apply(rules: Sequence[Rule], text: str) -> str:
    """Apply rules in order."""
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    return text


def alternatives(words: Sequence[str]) -> str:
    """Return a pattern that matches any of the words, longer ones first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
