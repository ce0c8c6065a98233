"""Money, measures, percentages, fractions, telephone numbers and all other numbers."""

from __future__ import annotations

import re

from .numbers import LONGEST_CARDINAL_DIGITS, cardinal, digits, fraction, ordinal, quantity
from .rules import NUMBER, Rule, alternatives, rule

# Sign to the unit for one, for more, and the hundredth part for one and more.
_CURRENCIES = {
    "US$": ("dollar", "dollars", "cent", "cents"),
    "$": ("dollar", "dollars", "cent", "cents"),
    "\u00a3": ("pound", "pounds", "penny", "pence"),
    "\u20ac": ("euro", "euros", "cent", "cents"),
    "\u00a5": ("yen", "yen", "sen", "sen"),
    "\u20b9": ("rupee", "rupees", "paisa", "paise"),
}
_CURRENCY_CODES = {"USD": "$", "EUR": "\u20ac", "GBP": "\u00a3", "JPY": "\u00a5", "INR": "\u20b9"}
_SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}
_SCALE = r"(?:\s?(thousand|million|billion|trillion)\b|(k|mn|m|bn|b)\b)?"
_SIGN = f"({alternatives([*_CURRENCIES])})"

_UNITS = {
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "ft": "foot", "yd": "yard",
    "mi": "mile", "in.": "inch", "mg": "milligram", "g": "gram", "kg": "kilogram", "lb": "pound",
    "lbs": "pound", "oz": "ounce", "ml": "milliliter", "mL": "milliliter", "l": "liter", "L": "liter",
    "ms": "millisecond", "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour",
    "hrs": "hour", "Hz": "hertz", "kHz": "kilo hertz", "MHz": "megahertz", "GHz": "giga hertz", "W": "watt",
    "kW": "kilowatt", "MW": "megawatt", "kWh": "kilowatt hour", "V": "volt", "mA": "milliamp",
    "dB": "decibel", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "Mbps": "megabit per second", "Gbps": "gigabit per second", "mph": "mile per hour",
    "kmh": "kilometer per hour", "km/h": "kilometer per hour", "m/s": "meter per second",
    "\u00b0C": "degree Celsius", "\u00b0F": "degree Fahrenheit", "\u00b0": "degree",
    "\u03bcm": "micrometer", "\u03bcs": "micro second", "\u03a9": "ohm", "cm^2": "square centimeter",
    "m^2": "square meter", "km^2": "square kilometer", "ft^2": "square foot", "m^3": "cubic meter",
    "cm^3": "cubic centimeter",
}  # fmt: skip
_UNCHANGED = frozenset(["hertz", "kilo hertz", "megahertz", "giga hertz"])
_COMMON_DENOMINATORS = frozenset(str(number) for number in (*range(2, 11), 12, 16, 20, 32, 64, 100))


def _amount(number: str, scale: str | None, sign: str) -> str:
    one, more, part, parts = _CURRENCIES[sign.upper()]
    if scale:
        return f"{quantity(number)} {_SCALES.get(scale.lower(), scale)} {more}"
    whole, _, hundredths = number.partition(".")
    if len(hundredths) != 2:
        return f"{quantity(number)} {one if number == '1' else more}"
    spoken = []
    if int(whole.replace(",", "")) or not int(hundredths):
        spoken.append(f"{cardinal(whole)} {one if whole == '1' else more}")
    if int(hundredths):
        spoken.append(f"{cardinal(str(int(hundredths)))} {part if hundredths == '01' else parts}")
    return " and ".join(spoken)


def _measure(match: re.Match[str]) -> str:
    number, unit = match.groups()
    noun = _UNITS[unit]
    if number == "1" or noun in _UNCHANGED:
        return f"{quantity(number)} {noun}"
    head, *rest = noun.split(" per ")
    head = {"foot": "feet", "inch": "inches", "square foot": "square feet"}.get(head, head + "s")
    if noun.startswith("degree "):
        head = "degrees " + noun.removeprefix("degree ")
    return f"{quantity(number)} {' per '.join([head, *rest])}"


def _fraction(match: re.Match[str]) -> str:
    whole, numerator, denominator = match.groups()
    if denominator in _COMMON_DENOMINATORS and 0 < int(numerator) < int(denominator):
        words = fraction(numerator, denominator)
        if not whole:
            return words
        return f"{cardinal(whole)} and {words.replace('one half', 'a half')}"
    spoken = f"{cardinal(numerator)} {cardinal(denominator)}"
    if (numerator, denominator) not in {("24", "7"), ("9", "11"), ("50", "50")}:
        spoken = f"{cardinal(numerator)} slash {cardinal(denominator)}"
    return f"{cardinal(whole)} {spoken}" if whole else spoken


def _groups(match: re.Match[str]) -> str:
    """Read groups of digits one by one, with a pause between: telephone and account numbers."""
    groups = re.findall(r"\d+", match[0])
    country = "plus " if match[0].startswith("+") else ""
    return country + ", ".join(digits(group) for group in groups)


def _dotted(match: re.Match[str]) -> str:
    parts = match[0].split(".")
    return (" dot " if len(parts) == 4 else " point ").join(cardinal(part) for part in parts)


MONEY: tuple[Rule, ...] = (
    rule(_SIGN + rf"\s?({NUMBER})\s?[-\u2013]\s?(?:\1)?({NUMBER}){_SCALE}",
         lambda m: f"{quantity(m[2])} to {_amount(m[3], m[4] or m[5], m[1])}", re.IGNORECASE),
    rule(_SIGN + rf"\s?({NUMBER}){_SCALE}", lambda m: _amount(m[2], m[3] or m[4], m[1]), re.IGNORECASE),
    rule(rf"({NUMBER}){_SCALE}\s?({'|'.join(_CURRENCY_CODES)}|[\u20ac\u00a3])(?!\w)",
         lambda m: _amount(m[1], m[2] or m[3], _CURRENCY_CODES.get(m[4], m[4]))),
    rule(rf"({NUMBER})\s?\u00a2", lambda m: f"{quantity(m[1])} {'cent' if m[1] == '1' else 'cents'}"),
    rule(rf"\u00a2\s?({NUMBER})", lambda m: f"{quantity(m[1])} cents"),
)  # fmt: skip

# Long runs first, so that no later pattern meets more digits than it is bounded to.
CODES: tuple[Rule, ...] = (
    rule(rf"\d{{{LONGEST_CARDINAL_DIGITS + 1},}}", lambda m: f" {digits(m[0])} "),
    rule(r"(?<![\w.])\+\d{1,3}(?:[-. ]?\(?\d{1,4}\)?){2,5}(?![\w]|[-.]\d)", _groups),
    rule(r"(?<![\w.-])(?:1[-. ])?\(?\d{3}\)?[-. ]\s?\d{3}[-.]\d{4}(?![\w]|[-.]\d)", _groups),
    rule(r"(?<![\w.-])\d{3}-\d{4}(?![\w]|[-.]\d)", _groups),
    rule(r"(?<![\w.-])\d{1,9}(?:-\d{1,9}){2,8}(?![\w-])", _groups),
    rule(r"(?<![\w.])\d{1,6}(?:\.\d{1,6}){2,6}(?!\w|\.\d)", _dotted),
)  # fmt: skip

MEASURES: tuple[Rule, ...] = (
    rule(r"(?<![\w.])(\d{1,2})'\s?(\d{1,2})\"", lambda m: f"{cardinal(m[1])} foot {cardinal(m[2])}"),
    rule(rf"({NUMBER})\s?%", lambda m: f"{quantity(m[1])} percent"),
    rule(rf"({NUMBER})\s?({alternatives([*_UNITS])})(?![\w^/])", _measure),
)  # fmt: skip

NUMBERS: tuple[Rule, ...] = (
    rule(r"(?<![\d.,/])(?:(\d{1,4}) )?(\d{1,4})/(\d{1,4})(?![\d/])", _fraction),
    rule(r"(?<![\d.])(\d{1,3}(?:,\d{3})*|\d{1,15})(?:st|nd|rd|th)\b", lambda m: ordinal(m[1])),
    rule(r"#\s?(?=\d)", " number "),
    rule(r"(?<=\d)\s?[-\u2013]\s?(?=\d)", " to "),
    rule(r"(?<!\w)[-\u2013](?=\.?\d)", " minus "),
    rule(r"(?<=\d)\s?:\s?(?=\d)", " to "),
    rule(r"(?<![\d.])\.(\d{1,15})(?![\d.])", lambda m: f" point {digits(m[1])} "),
)  # fmt: skip

REST: tuple[Rule, ...] = (
    rule(rf"({NUMBER})", lambda m: f" {quantity(m[1])} "),
    rule(r"\d{1,15}", lambda m: f" {cardinal(m[0])} "),
)
