"""Letters and digits in one word: FY2024, 1080p, CO2, F-16, 4K."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..rules import Rule, rule
from .initialisms import letter_names
from .numbers import cardinal, digits, pairs

_SHORT_LETTERS = 3  # capitals next to digits are read as a word only if there are more
_PIXEL_ROWS = re.compile(r"(?<![\w.,])(\d{3,4})([pi])\b")
_HYPHENATED = re.compile(r"(?<![\w-])([A-Z]{1,5})-(\d{1,4})(?!\w|-\d)")
_LETTER_BEFORE = re.compile(r"(?<![\w-])([A-Z])-(?=\d)")
_SERIES = re.compile(r"\b([A-Z])(\d{1,2})[-\u2013]\1(\d{1,2})\b")
_CLASSES = re.compile(
    r"\b(Boeing|Airbus|Flight|Route|Highway|Interstate|RTX|GTX|RX|Core|Ryzen|Peugeot|Porsche|Levi's) (\d{3,4})(?![\d,.]\d)"
)
_FORMULA = re.compile(
    r"(?<![\w-])(?=[A-Za-z]{0,8}\d)((?:[A-Z][a-z]?\d{0,3}){2,8}|O[23])(?:\^?([+-]|[23][+-]))?(?![\w])"
)
_SALTS = re.compile(
    r"(?<![\w-])(NaCl|HCl|KCl|LiCl|AgCl|NaOH|KOH|LiOH|HBr|NaBr|KBr|CuO|ZnO|MgO|FeO|CaO|NaF|HCN|KCN|LiCoO)(?!\w)"
)
_ELEMENTS = frozenset(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Ti V Cr Mn Fe Co Ni Cu Zn As Se Br Kr Sr Ag Cd Sn Sb I Xe Cs Ba "
    "Pt Au Hg Pb Bi U Pu".split()
)
_GLUED = re.compile(r"[A-Za-z]+|\d+(?:\.\d+)?")
_WORD = re.compile(r"(?<![\w.])(?=[\w']{0,30}[A-Za-z]\d|[\w']{0,30}\d[A-Za-z])[A-Za-z0-9]{2,30}(?![\w])")
_DECIMALS = re.compile(r"(?<![\w.])([A-Z]{1,4})(\d{1,3}\.\d{1,3})(?![\w.])")


def _pixel_rows(match: re.Match[str]) -> str:
    return f"{pairs(match[1])} {letter_names(match[2])}"


def _formula(match: re.Match[str]) -> str:
    """Read a chemical formula letter by letter; zero is a letter there, oxygen."""
    symbols = re.findall(r"([A-Z][a-z]?)(\d*)", match[1])
    if any(symbol not in _ELEMENTS for symbol, _ in symbols):
        return match[0]
    words = [letter_names(symbol) + (f" {cardinal(count)}" if count else "") for symbol, count in symbols]
    charge = match[2] or ""
    if charge:
        words.append({"+": "plus", "-": "minus"}[charge[-1]])
        if len(charge) > 1:
            words.insert(-1, cardinal(charge[0]))
    return " ".join(words)


def _number(number: str, first: bool) -> str:
    if number[0] == "0" and len(number) > 1:
        return digits(number)
    if len(number) == 4 and not first and number[:2] not in ("20", "19"):
        return pairs(number)
    return number  # a year or a quantity, like a separate number


class GluedWords:
    """Separates letters from digits.

    Args:
        capitals: reads letters in capitals as a word or letter by letter.
    """

    def __init__(self, capitals: Callable[[str], str]) -> None:
        self._capitals = capitals

    def part(self, text: str) -> str:
        """Return the text with letters spelled and separated from digits."""
        text = _SERIES.sub(r"\1\2 to \1\3", text)
        text = _FORMULA.sub(_formula, text)
        text = _SALTS.sub(lambda m: letter_names(m[1]), text)
        text = _PIXEL_ROWS.sub(_pixel_rows, text)
        text = _CLASSES.sub(lambda m: f"{m[1]} {_class(m[2])}", text)
        text = _DECIMALS.sub(lambda m: f"{self._letters(m[1])} {m[2]}", text)
        text = _HYPHENATED.sub(lambda m: f"{self._letters(m[1])} {_class(m[2])}", text)
        text = _LETTER_BEFORE.sub(lambda m: f"{letter_names(m[1])} ", text)
        return _WORD.sub(self._part, text)

    def _part(self, match: re.Match[str]) -> str:
        parts = _GLUED.findall(match[0])
        words = []
        for index, part in enumerate(parts):
            words.append(self._letters(part) if part.isalpha() else _number(part, index == 0))
        return " ".join(words)

    def _letters(self, letters: str) -> str:
        if len(letters) == 1:
            return letter_names(letters)
        if letters.isupper() and len(letters) <= _SHORT_LETTERS:
            return letter_names(letters)
        if letters.isupper():
            return self._capitals(letters)
        if len(letters) == 2 and letters[0].isupper() and letters[1] == "s":
            return f"{letter_names(letters[0])}s"
        if (
            len(letters) == 2
            and letters.islower()
            and letters not in ("am", "pm", "to", "of", "by", "in", "or")
        ):
            return letter_names(letters)
        return letters


def _class(number: str) -> str:
    """Read the number of a product or class: 747 as seven forty seven, COVID-19 as nineteen."""
    if len(number) == 3 and number[1:] != "00":
        return pairs(number) if number[1] != "0" else f"{cardinal(number[0])} oh {cardinal(number[2])}"
    if len(number) == 4 and number[2:] != "00":
        return pairs(number)
    return cardinal(number)


RULES: tuple[Rule, ...] = (
    rule(
        r"(?<![\w&])([A-Z]{1,3})&([A-Z])(?=s?(?![A-Za-z_&]))(?=(\d?))",
        lambda m: f"{letter_names(m[1])} and {letter_names(m[2])}{' ' if m[3] else ''}",
    ),
    # An ordinal ending must not join the next word.
    rule(r"(?<=\d)(st|nd|rd|th|ST|ND|RD|TH)(?=[A-Z])", r"\1 "),
)
