"""Amounts of money."""

from __future__ import annotations

import re

from ..rules import Rule, alternatives, rule
from .currencies import BY_CODE, BY_SIGN, BY_WORD_AFTER, BY_WORD_BEFORE, SCALES, Currency
from .numbers import cardinal
from .patterns import DASH, NUMBER, value
from .sentences import is_attributive
from .units import noun_of

_BEFORE = {**BY_CODE, **BY_SIGN, **BY_WORD_BEFORE}
_AFTER = {**BY_CODE, **BY_WORD_AFTER, **{sign: BY_SIGN[sign] for sign in BY_SIGN if not sign.isascii()}}
_AFTER["$"] = BY_SIGN["$"]

_SIGN = rf"(?:(?<![A-Za-z])|(?=[^A-Za-z]))({alternatives([*BY_SIGN])})"
_CODE = rf"(?<!\w)({alternatives([*BY_CODE, *BY_WORD_BEFORE])})"
_ANY_SIGN = rf"(?:{alternatives([*BY_SIGN])})"
_SUFFIX = rf"({alternatives([*_AFTER])})(?![\w$])"
_GLUED_SCALE = r"[kK]|mln|mil|[mM][nNmM]|[mM]|bln|[bB][nN]|[bB]|trn|[tT][nN]|[tT]"
_SCALE = rf"(?:[\s-]?(thousand|million|billion|trillion|lakh|crore)\b|\s?(mln|bln|mn|bn|tn|trn)\b|({_GLUED_SCALE})\b)?"
_PER = r"(?:\s?/\s?([A-Za-z]{1,12})\b)?"
_EUROPEAN = r"(?<![\d.,])\d{1,3}(?:\.\d{3}){1,4},\d\d(?!\d)|(?<![\d.,])\d{1,6},\d\d(?![\d,])"
_AMOUNT = rf"({_EUROPEAN}|{NUMBER})"


def _amount(number: str, scale: str | None, currency: Currency, attributive: bool) -> str:
    number = _american(number)
    noun = currency.one if attributive or number in ("1", "1.00") else currency.more
    if scale:
        return f"{value(number)} {SCALES.get(scale.lower(), scale.lower())} {noun if attributive else currency.more}"
    whole, _, hundredths = number.partition(".")
    if len(hundredths) != 2 or not (currency.part or hundredths == "00"):
        return f"{value(number)} {noun}"
    spoken = []
    if int(whole.replace(",", "") or "0") or not int(hundredths):
        spoken.append(
            f"{cardinal(whole or '0')} {currency.one if attributive or whole == '1' else currency.more}"
        )
    if int(hundredths):
        part = currency.part if attributive or hundredths == "01" else currency.parts
        spoken.append(f"{cardinal(str(int(hundredths)))} {part}")
    return " and ".join(spoken)


def _american(number: str) -> str:
    """Write a number with a decimal comma with a decimal point."""
    if re.fullmatch(r"[\d.]+,\d\d", number):
        return number.replace(".", "").replace(",", ".")
    return number


def _per(unit: str | None) -> str:
    return f" per {noun_of(unit) or unit}" if unit else ""


def _scale(match: re.Match[str], first: int) -> str | None:
    return match[first] or match[first + 1] or match[first + 2]


def _before(match: re.Match[str]) -> str:
    words = _amount(match[2], _scale(match, 3), _BEFORE[match[1]], is_attributive(match))
    return f" {words}{_per(match[6])} "


def _twice_named(match: re.Match[str]) -> str:
    """Read an amount with sign and code, such as $5 CAD, by its code."""
    return f" {_amount(match[2], _scale(match, 3), BY_CODE[match[6]], is_attributive(match))} "


def _range_before(match: re.Match[str]) -> str:
    last = _amount(match[3], _scale(match, 4), _BEFORE[match[1]], is_attributive(match))
    return f" {value(match[2])} to {last}{_per(match[7])} "


def _scaled_range(match: re.Match[str]) -> str:
    """Read a range with one sign, such as $5m-10m, with the currency once."""
    sign, low, low_scale, high, high_scale = match.groups()
    first = f"{value(low)} {SCALES[low_scale.lower()]}"
    return f" {first} to {_amount(high, high_scale, _BEFORE[sign], is_attributive(match))} "


def _after(match: re.Match[str]) -> str:
    low = f"{value(match[1])} to " if match[1] else ""
    words = _amount(match[2], _scale(match, 3), _AFTER[match[6]], is_attributive(match))
    return f" {low}{words}{_per(match[7])} "


def _cents(match: re.Match[str]) -> str:
    number = match[1]
    return f" {value(number)} {'cent' if number == '1' or is_attributive(match) else 'cents'} "


_TWO = rf"\s?({NUMBER}){DASH}(?:\1\s?)?({NUMBER}){_SCALE}{_PER}"

RULES: tuple[Rule, ...] = (
    rule(rf"{_SIGN}\s?({NUMBER})({_GLUED_SCALE}){DASH}({NUMBER})({_GLUED_SCALE})\b", _scaled_range),
    rule(_SIGN + _TWO, _range_before),
    rule(_CODE + _TWO, _range_before),
    rule(rf"(?<=[\dkKmMbBnNtT]){DASH}(?={_ANY_SIGN}\s?\.?\d)", " to "),
    rule(rf"{_SIGN}\s?{_AMOUNT}{_SCALE} ?({'|'.join(BY_CODE)})\b", _twice_named),
    rule(rf"{_SIGN}\s?{_AMOUNT}{_SCALE}{_PER}", _before),
    rule(rf"{_CODE}\s?{_AMOUNT}{_SCALE}{_PER}", _before),
    rule(rf"(?:({NUMBER})(?:{DASH}| to ))?{_AMOUNT}{_SCALE}[\s-]?{_SUFFIX}{_PER}", _after),
    rule(rf"({NUMBER})[\s-]?\u00a2", _cents),
    rule(rf"\u00a2\s?({NUMBER})", _cents),
    rule(rf"\b(?:in|to|from|of|per|the) ({'|'.join(code for code in BY_CODE if code not in ('TRY', 'PHP'))})\b",
         lambda m: m[0].replace(m[1], BY_CODE[m[1]].more)),
)  # fmt: skip
