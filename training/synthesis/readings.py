"""What a recogniser that writes figures has heard, in words.

Whisper writes "4208" whether somebody said "four two zero eight" or "four thousand two hundred eight", and
"KBF" or "K.B.F." for letters. Where several readings are possible, the one with the fewest errors counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from training.corpus import DIGITS, number_words, spell
from training.scoring import edit_distance

_ORDINALS = {"1st": "first", "2nd": "second", "3rd": "third", "5th": "fifth", "8th": "eighth", "9th": "ninth"}
_MONEY = re.compile(r"\$(\d+)(?:\.(\d\d))?")
_HOURS = re.compile(r"\b(\d{1,2}):00\b")


def readings(text: str) -> list[str]:
    """Spell what Whisper wrote, its figures as numbers and one by one, and letter by letter."""
    text = _MONEY.sub(_amount, text)
    text = _HOURS.sub(r"\1 o'clock", text)
    for figure, word in _ORDINALS.items():
        text = re.sub(rf"\b{figure}\b", word, text)
    one_by_one = re.sub(r"\d", lambda digit: f" {DIGITS[int(digit[0])]} ", text)
    return [spell(text), spell(one_by_one), " ".join(spell(text).replace(" ", ""))]


def _amount(match: re.Match[str]) -> str:
    dollars, cents = match.groups()
    return f"{dollars} dollars" + (f" and {number_words(int(cents))} cents" if cents else "")


def closest(reference: str, candidates: Sequence[str]) -> str:
    """Return the candidate with the fewest errors."""
    return min(candidates, key=lambda text: edit_distance(reference.split(), text.split()))
