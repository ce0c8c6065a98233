"""Arithmetic: equations, powers and roots, in which a dash is a minus sign and a slash is a division."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, quantity
from .patterns import NUMBER
from .units import UNIT, plural, unit_noun

_OPERATORS = {
    "-": "minus", "\u2013": "minus", "\u2212": "minus", "+": "plus", "*": "times", "x": "times", "\u00d7": "times",
    "\u00b7": "times", "/": "divided by", "\u00f7": "divided by", ":": "divided by",
}  # fmt: skip
_OPERATOR = r"[-\u2013\u2212+*x\u00d7\u00b7/\u00f7]"
_TERM = r"\(?-?\d{1,15}(?:\.\d{1,9})?(?:\^-?\d{1,3})?\)?"
_SUM = rf"{_TERM}(?:\s?{_OPERATOR}\s?{_TERM}){{1,12}}"
_ASKED = r"(?i:what is|what's|calculate|compute|work out|solve|equals)"
_SCORED = re.compile(
    r"\b(?:won|win|wins|lost|lose|beat|beats|score|scored|led|leads|lead|final|defeat|victory|draw|drew|tied|match|"
    r"game|set|series|ahead|trailed|by|ages?|pages?|between|from|chapters?|lines?|rows?|days?|years?)\b[^.]{0,40}$",
    re.IGNORECASE,
)
_ROOTS = {"\u221a": "square", "\u221b": "cube", "\u221c": "fourth"}


def _sum(match: re.Match[str]) -> str:
    def operator(found: re.Match[str]) -> str:
        return f"{found[1]} {_OPERATORS[found[2]]} "

    return re.sub(rf"([\d)])\s?({_OPERATOR})\s?(?=[\d(-])", operator, match[0])


def _difference(match: re.Match[str]) -> str:
    """Read a spaced hyphen as minus where the first number is the larger, unless the context is a score."""
    first, second = match.groups()
    before = match.string[max(match.start() - 60, 0) : match.start()]
    if float(first.replace(",", "")) <= float(second.replace(",", "")) or _SCORED.search(before):
        return match[0]
    return f"{first} minus {second}"


def _power(minus: str, exponent: str) -> str:
    if not minus and exponent in ("2", "3"):
        return "squared" if exponent == "2" else "cubed"
    return f"to the power of {'minus ' if minus else ''}{cardinal(exponent)}"


def _raised(match: re.Match[str]) -> str:
    unit = f"{plural(unit_noun(match[4]))} " if match[4] else ""
    return f"{quantity(match[1])} {_power(match[2], match[3])} {unit}"


def _scientific(match: re.Match[str]) -> str:
    """Read a number times a power of ten, with the unit after it."""
    number, minus, exponent, unit = match.groups()
    words = f"{quantity(number)} times ten {_power(minus.strip('+'), str(int(exponent)))}"
    return f"{words} {plural(unit_noun(unit)) if unit else ''} "


def _root(match: re.Match[str]) -> str:
    return f" the {_ROOTS[match[1]]} root of "


EQUATIONS: tuple[Rule, ...] = (
    rule(rf"(?<![\w.,]){_SUM}(?=\s?[=<>\u2264\u2265\u2260\u2248])", _sum),
    rule(rf"(?<=[=<>])\s?{_SUM}(?![\w])", _sum),
    rule(rf"(?<= [=<>] ){_SUM}(?![\w])", _sum),
    rule(rf"\b({_ASKED}) ({_SUM})(?![\w])", lambda m: f"{m[1]} {_sum(re.match('.+', m[2]) or m)}"),
    rule(
        rf"({NUMBER}) [-\u2013] ({NUMBER})(?!\s?[%\u00b0$\u20ac\u00a3]|,\d|[-:/]\d|\s?[A-Za-z])", _difference
    ),
    rule(rf"({NUMBER}) / (?=\d)", r"\1 divided by "),
)

_UNIT = rf"(?:\s?({UNIT}))?"

SCIENTIFIC: tuple[Rule, ...] = (
    rule(rf"({NUMBER})\s?[x\u00d7\u00b7*]\s?10\^([-+\u2212]?)(\d{{1,4}})(?!\d){_UNIT}", _scientific),
    rule(rf"({NUMBER})[eE]([+-]?)(\d{{1,3}})(?!\w)()", _scientific),
    rule(rf"({NUMBER})\^\(?([-\u2212]?)(\d{{1,15}})(?!\d)\)?{_UNIT}", _raised),
)

POWERS: tuple[Rule, ...] = (
    rule(r"([\u221a\u221b\u221c])\s?(?=[\w(])", _root),
    rule(r"(?<=[a-z]{3})\^1(?!\d)", ""),  # a footnote
    rule(r"(?<=[\w)\]])\s?\^\s?\(?([-\u2212]?)(\d{1,15})\)?(?![\d.])", lambda m: f" {_power(m[1], m[2])} "),
    rule(r"(?<=[\w)\]])\^([+-])(?!\w)", lambda m: " plus " if m[1] == "+" else " minus "),
    rule(r"(?<=[\w)\]])\s?\^\s?(?=[A-Za-z(-])", " to the power of "),
    rule(r"(?<![\w)])\^(?=\d)", " "),
)
