"""Measures, percentages, feet and inches, angles."""

from __future__ import annotations

import re

from ..rules import Rule, rule
from .numbers import cardinal, quantity
from .patterns import NUMBER, VALUE, is_one, value
from .sentences import NO_NOUNS, is_attributive, precedes_noun
from .units import UNIT, plural, unit_noun

_LOW = rf"(?<![A-Za-z])(?:({VALUE}) (to|or|and|by|plus or minus) (minus )?)?"
_COUNTED = (
    "people|users|views|viewers|customers|downloads|followers|subscribers|copies|jobs|years|times|votes|homes"
)
_COMPASS = {"N": "north", "S": "south", "E": "east", "W": "west"}


def _measure(match: re.Match[str]) -> str:
    low, between, minus, number, unit, stop = match.groups()
    noun = unit_noun(unit)
    if not (is_one(number) and not low) and not is_attributive(match):
        noun = plural(noun)
    head = f"{value(low)} {between} {minus or ''}" if low else ""
    return f"{head}{value(number)} {noun}{_stop(match) if stop else ''}"


def _stop(match: re.Match[str]) -> str:
    """Keep an abbreviation's full stop if it may also end the sentence."""
    after = match.string[match.end() : match.end() + 40]
    return "." if not after.strip("\"')]") or re.match(r"\s+[\"'(]?[A-Z]", after) else ""


def _hyphenated(match: re.Match[str]) -> str:
    """Read 5-km before a noun; a unit after a hyphen is singular."""
    low, between, minus, number, unit = match.groups()
    head = f"{value(low)} {between} {minus or ''}" if low else ""
    return f"{head}{value(number)} {unit_noun(unit)}"


def _feet(match: re.Match[str]) -> str:
    feet, inches = match.groups()
    return f"{cardinal(feet)} foot {value(inches)}"


def _marked(match: re.Match[str]) -> str:
    """Read feet and inches by their marks, unless the mark is a closing quotation mark."""
    number, mark = match.groups()
    before = match.string[max(match.start() - 400, 0) : match.start() + 1]
    opened = len(re.findall(rf"(?<![\w.,?!]){mark}(?=\w)", before)) - len(
        re.findall(rf"(?<=[A-Za-z.,?!]){mark}(?!\w)", before)
    )
    after = match.string[match.end() : match.end() + 400]
    if opened > 0 and not re.search(rf"^[^{mark}]*[A-Za-z.,?!]{mark}(?!\w)", after):
        return match[0]
    one, more = ("inch", "inches") if mark == '"' else ("foot", "feet")
    return (
        f"{value(number)} {one if is_one(number) or is_attributive(match) or precedes_noun(match) else more}"
    )


def _angle(match: re.Match[str]) -> str:
    degrees, minutes, seconds, compass = match.groups()
    words = [f"{quantity(degrees)} degree{'s' * (degrees != '1')}"]
    if minutes:
        words.append(f"{quantity(minutes)} minute{'s' * (minutes != '1')}")
    if seconds:
        words.append(f"{quantity(seconds)} second{'s' * (seconds != '1')}")
    if compass:
        words.append(_COMPASS[compass])
    return " ".join(words)


def _counted(match: re.Match[str]) -> str:
    return f"{value(match[1])} {'million' if match[2] in 'mM' else 'billion'}"


def _percent(match: re.Match[str]) -> str:
    low, between, minus, number = match.groups()
    return (f"{value(low)} {between} {minus or ''}" if low else "") + f"{value(number)} percent "


def _inches(match: re.Match[str]) -> str:
    return f"{value(match[1])} {'inch' if is_one(match[1]) or is_attributive(match) else 'inches'}"


def _inch_noun(match: re.Match[str]) -> str:
    """Read in as inch in "a 12 in pizza", but not in "a 5 in the"."""
    return match[0] if match[3] in NO_NOUNS else f"{match[1]}{value(match[2])} inch "


_DMS = r"(\d{1,2}(?:\.\d{1,6})?)"
_PLAIN_IN = r"(?= (?:wide|long|tall|high|deep|thick|in diameter|of (?:rain|snow))\b|$|[.,;)])"

_WARMTH = re.compile(r"(?:minus|temperatures?|temp|degrees|weather|oven|freez\w+|boil\w+|heat\w*|warm\w*|cold|cool\w*|fever)\b.{0,40}$",
                     re.IGNORECASE)  # fmt: skip
_ALONE = "km|kg|cm|mm|mph|km/h|mg|ml|lbs|GB|MB|TB|kWh|kW|MHz|GHz|kHz|Hz|Mbps|\u00b0C|\u00b0F|m/s|sq ft|dB"


def _scaled(match: re.Match[str]) -> str:
    number, scale, unit = match.groups()
    noun = unit_noun(unit)
    return f"{value(number)} {scale} {noun if is_attributive(match) else plural(noun)}"


def _warmth(match: re.Match[str]) -> str:
    """Read 15 C as a temperature if the preceding words suggest one."""
    if not _WARMTH.search(match.string[max(match.start() - 60, 0) : match.start()]):
        return match[0]
    return f"{value(match[1])} degrees {'Celsius' if match[2] == 'C' else 'Fahrenheit'}"


def _alone(match: re.Match[str]) -> str:
    """Read a unit without a number, as in a table header."""
    word, unit = match.groups()
    return f"{word} {unit_noun(unit) if word.lower() in ('per', 'a') else plural(unit_noun(unit))}"


RULES: tuple[Rule, ...] = (
    rule(rf"({NUMBER})\u00b0\s?{_DMS}'(?:\s?{_DMS}\")?(?:\s?([NSEW])\b)?", _angle),
    rule(rf"({NUMBER})()()\u00b0\s?([NSEW])\b", _angle),
    rule(r"(?<![\w.])(\d{1,2})'[\s-]?(\d{1,2}(?: \d{1,2}/\d{1,2}|\.\d)?)(?:\"|'')", _feet),
    rule(r"(?<![\w.])(\d{1,2})(?:'|ft)(\d|1[01])(?![\w'\"./])", lambda m: f"{cardinal(m[1])} foot {cardinal(m[2])}"),
    rule(rf"({NUMBER})[ -]?ft\.? (\d{{1,2}}) ?in\b\.?(?=$|[.,;)]| [a-z])(?! (?:the|an?|this|that|my|his|her|its)\b)",
         lambda m: f"{value(m[1])} foot {cardinal(m[2])}"),
    rule(rf"({NUMBER}) ?ft (\d|1[01])(?=$|[.,;)])", lambda m: f"{value(m[1])} foot {cardinal(m[2])}"),
    rule(rf"({VALUE})(\")(?!\w)", _marked),
    rule(rf"(?<![\w'])({VALUE})(')(?![\w'])", _marked),
    rule(rf"(?<![\w.,])(\d{{1,6}}),(\d{{1,2}})(?=\s?(?:%|{UNIT}))", r"\1.\2"),
    rule(rf"{_LOW}({VALUE})\s?%", _percent),
    rule(rf"({NUMBER})([mMB])(?= (?:{_COUNTED})\b)", _counted),
    rule(rf"({NUMBER})(M)(?= [a-z]{{3,30}}s\b)", _counted),
    rule(rf"({NUMBER})(?<=\.\d)([MB])(?= [a-z]|[.,;)]|$)", _counted),
    rule(rf"{_LOW}({VALUE})-({UNIT})(?:\.(?=\s+[a-z])|(?=[ ,.;)-]|$))", _hyphenated),
    rule(rf"{_LOW}({VALUE})\s?({UNIT})(\.(?=\s+[\"'(]?[A-Za-z]|,))?", _measure),
    rule(rf"({NUMBER}) (hundred|thousand|million|billion|trillion) ({UNIT})", _scaled),
    rule(rf"\b([Ii]n|[Pp]er|[Oo]f|[Tt]o|[Ii]nto|[Mm]any|and|or) ({_ALONE})(?![\w/^])", _alone),
    rule(rf"(?<=\()()({_ALONE})(?=\))", _alone),
    rule(rf"({VALUE}) in\b\.?{_PLAIN_IN}", _inches),
    rule(rf"\b([Aa]n? )({VALUE}) in (?=([a-z]+))", _inch_noun),
    rule(rf"({NUMBER}) ?([CF])\b(?![#+-])", _warmth),
    rule(r"(?<![\w/^])((?:[kcm]?m|ft|in|yd|mi)\^[23])(?!\w)", lambda m: plural(unit_noun(m[1]))),
    rule(rf"({NUMBER}) K\b(?!-)", lambda m: f"{value(m[1])} kelvin"),
)  # fmt: skip
