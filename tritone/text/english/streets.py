"""Streets and postal addresses: suffixes, directions, flats, states, post codes."""

from __future__ import annotations

import re

from ..rules import Rule, alternatives, rule
from .numbers import digits
from .sentences import OPENS_SENTENCE
from .titles import long_form

_SUFFIXES = {
    "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Blvd": "Boulevard", "Rd": "Road", "Dr": "Drive", "Ln": "Lane",
    "Hwy": "Highway", "Sq": "Square", "Ct": "Court", "Pl": "Place", "Pkwy": "Parkway", "Cir": "Circle",
    "Ter": "Terrace", "Terr": "Terrace", "Trl": "Trail", "Expy": "Expressway", "Fwy": "Freeway", "Cres": "Crescent",
    "Aly": "Alley", "Plz": "Plaza", "Rte": "Route", "Tpke": "Turnpike", "Pk": "Park",
}  # fmt: skip
# These are titles before names, and suffixes only in addresses.
_TITLES_TOO = frozenset(["St", "Dr", "Ct", "Pl", "Ter", "Sq", "Cir", "Av", "Pk", "Terr"])
_DIRECTIONS = {
    "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
    "SW": "Southwest",
}  # fmt: skip
_FLATS = {
    "Apt": "Apartment",
    "Ste": "Suite",
    "Bldg": "Building",
    "Fl": "Floor",
    "Rm": "Room",
    "Dept": "Department",
}
_STATES = {
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
    "CT": "Connecticut", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "ME": "Maine", "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota",
    "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
    "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
    "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon", "PA": "Pennsylvania",
    "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas",
    "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia",
    "WI": "Wisconsin", "WY": "Wyoming", "DC": "D C",
}  # fmt: skip
_NO_STATES_ALONE = "MD|MA|DC|PA|ID"  # after a name and a comma these are as often degrees or initialisms

_NAME = r"(?:[A-Z][a-z']{1,20}|\d{1,3}(?:st|nd|rd|th))"
_ANY = rf"({alternatives([*_SUFFIXES])})"
_SURE = rf"({alternatives([suffix for suffix in _SUFFIXES if suffix not in _TITLES_TOO])})"
_WAY = "|".join(sorted({*_SUFFIXES, *_SUFFIXES.values(), "Way", "Row", "Broadway"}, key=len, reverse=True))
_SAINTLY = "Mount|Mt|Lake|Port|Fort|East|West|North|South|Sault|Cape|Ile|New|Old|Saint|The|In|At|From|To|Near|And|For"


def _suffix(match: re.Match[str]) -> str:
    return match[1] + long_form(_SUFFIXES, match[2])


def _direction(match: re.Match[str]) -> str:
    return f"{match[1]}{_DIRECTIONS[match[2].replace('.', '')]}"


def _zip(match: re.Match[str]) -> str:
    state, code, more = match.groups()
    words = _STATES[state]
    return f"{words} {digits(code)}" + (f", {digits(more)}" if more else "")


# Applied before telephone numbers, which have as many digits.
POSTAL: tuple[Rule, ...] = (rule(rf"\b({'|'.join(_STATES)}),? (\d{{5}})(?:-(\d{{4}}))?(?!\d)", _zip),)

RULES: tuple[Rule, ...] = (
    rule(r"\bP\.?\s?O\.? Box\b", "P O Box"),
    rule(rf"\b({alternatives([*_FLATS])})\.? (?=#?\d)", lambda m: f"{_FLATS[m[1]]} "),
    rule(rf"(?<=[a-z], )(?!(?:{_NO_STATES_ALONE})\b)({'|'.join(_STATES)})(?=[.,;)]|$| (?:is|was|has|and|to|on|in|for|where|at)\b)", lambda m: _STATES[m[1]]),
    rule(rf"(\b\d{{1,6}} )([NSEW]|[NS][EW]|[NS]\.[EW])\b\.?(?= {_NAME})", _direction),
    rule(rf"(\b)([NSEW]|[NS][EW])\b\.?(?= {_NAME} (?:{_WAY})\b)", _direction),
    rule(rf"(\b(?:{_WAY})\.?,? )([NS][EW])\b", _direction),
    # An address: number, name, suffix; the full stop is the sentence's where a sentence may begin after it.
    rule(rf"(\b\d{{1,6}}[A-Z]? (?:{_NAME} ){{1,3}}){_ANY}\b\.?(?={OPENS_SENTENCE})", lambda m: _suffix(m) + "."),
    rule(rf"(\b\d{{1,6}}[A-Z]? (?:{_NAME} ){{1,3}}){_ANY}\b(?:\.(?!$))?(?!')", _suffix),
    rule(rf"(\b\d{{1,3}}(?:st|nd|rd|th) ){_ANY}\b\.(?={OPENS_SENTENCE})", lambda m: _suffix(m) + "."),
    rule(rf"(\b\d{{1,3}}(?:st|nd|rd|th) ){_ANY}\b(?:\.(?!$))?", _suffix),
    # A name and a suffix at the end of a sentence or phrase.
    rule(rf"(?<![A-Za-z.])((?!(?:{_SAINTLY})\b){_NAME} ){_ANY}\.(?={OPENS_SENTENCE}|[\"')\]]*$)",
         lambda m: _suffix(m) + "."),
    rule(rf"(?<![A-Za-z.])((?!(?:{_SAINTLY})\b){_NAME} ){_ANY}\b\.?(?=[,;:!?)]|\s+(?:[a-z]|&|\d|St\b)|$)", _suffix),
    rule(rf"(?<![A-Za-z.])({_NAME} ){_SURE}\b(?:\.(?!$))?(?!')", _suffix),
    rule(r"(?<=[a-z] )(St|Dr)\.?(?= (?:St|Ave|Rd)\b)", lambda m: _SUFFIXES[m[1]]),
)  # fmt: skip
