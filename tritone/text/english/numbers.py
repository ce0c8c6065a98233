"""Numbers in words, in American English, with the library `inflect`."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

import inflect

# Longer whole numbers are codes rather than quantities: quadrillions are not worth reading.
LONGEST_CARDINAL_DIGITS = 15

_ENGINE = inflect.engine()
_ENGINE_LOCK = Lock()  # the engine is not thread-safe: it keeps state in attributes


@lru_cache(maxsize=4096)
def _words(number: str) -> str:
    with _ENGINE_LOCK:
        words = _ENGINE.number_to_words(number, andword="", comma="")
    return " ".join(str(words).replace("-", " ").replace(",", " ").split())


def cardinal(number: str) -> str:
    """Read a whole number: "1,204" as one thousand two hundred four, "007" and long ones digit by digit."""
    number = number.replace(",", "")
    if len(number) > LONGEST_CARDINAL_DIGITS or (len(number) > 1 and number[0] == "0"):
        return digits(number)
    return _words(number)


def ordinal(number: str) -> str:
    """Read an ordinal: "21" as twenty first."""
    number = number.replace(",", "")
    if len(number) > LONGEST_CARDINAL_DIGITS:
        return f"{digits(number)} th"
    return _words(f"{int(number)}th")


@lru_cache(maxsize=4096)
def plural(noun: str) -> str:
    """Return the plural of a noun: "eighth" as eighths."""
    with _ENGINE_LOCK:
        return str(_ENGINE.plural_noun(noun))


def digits(number: str) -> str:
    """Read digit by digit: "911" as nine one one."""
    return " ".join(_words(digit) for digit in number if digit.isdigit())


def quantity(number: str) -> str:
    """Read a whole number or a decimal fraction: "3.14" as three point one four."""
    whole, _, decimals = number.partition(".")
    head = cardinal(whole or "0")
    return f"{head} point {digits(decimals)}" if decimals else head


def year(number: str) -> str:
    """Read a year: "1905" as nineteen oh five, "2005" as two thousand five, "1900" as nineteen hundred."""
    if len(number) != 4 or number[0] == "0" or number[1:3] == "00":
        return cardinal(number)
    century, rest = number[:2], number[2:]
    if rest == "00":
        return f"{cardinal(century)} hundred"
    return f"{cardinal(century)} {short_year(rest)}"


def short_year(number: str) -> str:
    """Read the two digits after a century, or the minutes after an hour: "05" as oh five."""
    return f"oh {cardinal(number[1])}" if number[0] == "0" else cardinal(number)


def decade(number: str) -> str:
    """Read "1990" of the 1990s as nineteen nineties, and "90" as nineties."""
    words = year(number) if len(number) == 4 else cardinal(number)
    return words[:-1] + "ies" if words.endswith("y") else f"{words}s"


def pairs(number: str) -> str:
    """Read three or four digits in pairs from the right: "1080" as ten eighty, "640" as six forty."""
    head, rest = number[:-2], number[-2:]
    if (
        len(number) not in (3, 4)
        or number[0] == "0"
        or (rest == "00" and len(number) == 4 and head[1] == "0")
    ):
        return cardinal(number)
    return f"{cardinal(head)} {'hundred' if rest == '00' else short_year(rest)}"


def fraction(numerator: str, denominator: str) -> str:
    """Read "3/4" as three quarters."""
    part = {"2": "half", "4": "quarter"}.get(denominator) or ordinal(denominator)
    if int(numerator) == 1:
        return f"one {part}"
    return f"{cardinal(numerator)} {'halves' if part == 'half' else plural(part)}"
