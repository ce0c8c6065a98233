"""Symbols of units, alone and in powers, products and quotients."""

from __future__ import annotations

import re

from ..rules import alternatives

_PREFIXES = {
    "p": "pico", "n": "nano", "\u03bc": "micro", "u": "micro", "m": "milli", "c": "centi", "d": "deci", "h": "hecto",
    "k": "kilo", "M": "mega", "G": "giga", "T": "tera", "P": "peta",
}  # fmt: skip
# Base symbol to its name and usual prefixes.
_PREFIXED = {
    "m": ("meter", "pn\u03bcumcdk"), "g": ("gram", "n\u03bcumk"), "s": ("second", "pn\u03bcum"), "L": ("liter", "\u03bcumcdh"),
    "l": ("liter", "mcdh"), "W": ("watt", "mkMGT"), "Wh": ("watt hour", "kMGT"), "V": ("volt", "\u03bcumkM"),
    "A": ("amp", "n\u03bcumk"), "Ah": ("amp hour", "mk"), "Hz": ("hertz", "mkMGT"), "Pa": ("pascal", "hkMG"),
    "N": ("newton", "mkM"), "J": ("joule", "mkMG"), "eV": ("electron volt", "mkMGT"), "\u03a9": ("ohm", "mkM"),
    "F": ("farad", "pn\u03bcum"), "H": ("henry", "n\u03bcum"), "T": ("tesla", "m"), "mol": ("mole", "n\u03bcumk"),
    "B": ("byte", "kMGTP"), "b": ("bit", "kMGT"), "bit": ("bit", "kMGT"), "bps": ("bit per second", "kMGT"),
    "iB": ("", ""), "cal": ("calorie", "k"), "Sv": ("sievert", "\u03bcum"), "Bq": ("becquerel", "kM"),
    "bar": ("bar", "m"), "dB": ("decibel", ""), "M": ("molar", "n\u03bcum"), "t": ("ton", "kM"), "p": ("pixel", "M"),
}  # fmt: skip
# Base symbols that are also units alone; others, like A, are more often something else.
_ALONE = frozenset(
    ["m", "g", "s", "L", "l", "W", "Wh", "V", "Ah", "Hz", "Pa", "J", "eV", "\u03a9", "mol", "bps", "cal", "Sv", "Bq", "bar",
     "dB", "t"]
)  # fmt: skip
# Names that dictionaries have as one word; in others, the prefix is a separate word.
_ONE_WORD = frozenset(
    "millimeter centimeter kilometer nanometer micrometer milligram kilogram microgram milliliter millisecond nanosecond "
    "kilowatt megawatt megahertz kilobyte megabyte gigabyte terabyte megabit gigabit kilobit millivolt megaton kiloton "
    "hectare megapixel".split()
)
_NAMED = {
    "in.": "inch", "ft": "foot", "yd": "yard", "yds": "yard", "mi": "mile", "mi.": "mile", "nmi": "nautical mile",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "fl oz": "fluid ounce", "fl. oz": "fluid ounce", "gal": "gallon",
    "gals": "gallon", "qt": "quart", "qts": "quart", "tbsp": "tablespoon", "Tbsp": "tablespoon", "tsp": "teaspoon",
    "sec": "second", "secs": "second", "min": "minute", "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour",
    "wk": "week", "wks": "week", "mo": "month", "mos": "month", "mth": "month", "mths": "month", "yr": "year",
    "yrs": "year", "ha": "hectare", "ac": "acre", "cc": "cubic centimeter", "mph": "mile per hour",
    "kmh": "kilometer per hour", "km/hr": "kilometer per hour", "kph": "kilometer per hour",
    "kmph": "kilometer per hour", "mpg": "mile per gallon", "rpm": "revolution per minute",
    "RPM": "revolution per minute", "bpm": "beat per minute", "BPM": "beat per minute", "fps": "frame per second",
    "FPS": "frame per second", "dpi": "dot per inch", "DPI": "dot per inch", "ppi": "pixel per inch",
    "psi": "pound per square inch", "ppm": "part per million", "ppb": "part per billion", "wpm": "word per minute",
    "kt": "knot", "kts": "knot", "kn": "knot", "hp": "horsepower", "HP": "horsepower", "bhp": "brake horsepower",
    "kcals": "kilo calorie", "KB": "kilobyte", "Kb": "kilobit", "Kbps": "kilobit per second",
    "KiB": "kibi byte", "MiB": "mebi byte", "GiB": "gibi byte", "TiB": "tebi byte", "px": "pixel", "pt": "point",
    "pts": "point", "MP": "megapixel", "\u00b0C": "degree Celsius", "\u00b0F": "degree Fahrenheit",
    "\u00b0 C": "degree Celsius", "\u00b0 F": "degree Fahrenheit", "deg C": "degree Celsius",
    "deg F": "degree Fahrenheit", "degC": "degree Celsius", "degF": "degree Fahrenheit", "\u00b0K": "kelvin",
    "\u00b0": "degree", "deg": "degree", "rad": "radian", "ly": "light year", "AU": "astronomical unit",
    "pc": "parsec", "kpc": "kilo parsec", "Mpc": "mega parsec", "lm": "lumen", "lx": "lux", "cd": "candela",
    "atm": "atmosphere", "mmHg": "millimeter of mercury", "mm Hg": "millimeter of mercury", "BTU": "B T U",
    "kWp": "kilowatt peak", "kVA": "kilo volt amp", "mcg": "microgram", "IU": "international unit", "ct": "carat",
    "dBA": "decibel", "dBm": "decibel milliwatt", "sqft": "square foot", "sqm": "square meter", "sqkm": "square kilometer",
    "ft-lb": "foot pound", "ft-lbs": "foot pound", "lb-ft": "pound foot", "ft lbs": "foot pound",
    "in-lb": "inch pound", "in-lbs": "inch pound", "\u2030": "per mille", "doz": "dozen",
}  # fmt: skip
_SURFACES = {
    "sq": "square", "sq.": "square", "square": "square", "cu": "cubic", "cu.": "cubic", "cubic": "cubic",
}  # fmt: skip
_SURFACE_BASES = {
    "in": "inch", "ft": "foot", "yd": "yard", "mi": "mile", "m": "meter", "km": "kilometer", "cm": "centimeter",
    "mm": "millimeter", "in.": "inch", "ft.": "foot", "mi.": "mile",
}  # fmt: skip
_BELOW = {"in": "inch", "day": "day", "person": "person", "A": "amp", "N": "newton", "K": "kelvin", "C": "coulomb",
          "d": "day", "100 km": "hundred kilometers", "100km": "hundred kilometers", "T": "tesla", "w": "week"}  # fmt: skip
_POWERS = {"2": ("square", "squared"), "3": ("cubic", "cubed")}
_LENGTHS = frozenset(
    [
        "meter",
        "kilometer",
        "centimeter",
        "millimeter",
        "foot",
        "inch",
        "yard",
        "mile",
        "micrometer",
        "nanometer",
    ]
)
_IRREGULAR = {"foot": "feet", "inch": "inches", "henry": "henries"}
_UNCHANGED = frozenset(["hertz", "siemens", "lux", "horsepower", "kelvin", "mille", "peak", "molar", "dozen"])


def _named() -> dict[str, str]:
    names = dict(_NAMED)
    for base, (noun, prefixes) in _PREFIXED.items():
        if base in _ALONE:
            names[base] = noun
        for prefix in prefixes:
            joined = _PREFIXES[prefix] + noun
            first = joined.split(" ")[0]
            names.setdefault(prefix + base, joined if first in _ONE_WORD else f"{_PREFIXES[prefix]} {noun}")
    names["kb"] = "kilobit"
    return names


_NOUNS = _named()
_FACTOR = rf"(?:{alternatives([*_NOUNS])})(?:\^-?[1-4]|(?<=[cmk]m)[23](?!\d)|(?<=m)[23](?![\d.]))?"
_DIVISOR = rf"(?:{alternatives([*_BELOW])}|{_FACTOR})(?:\^[1-4])?"
_SURFACE = rf"(?:{alternatives([*_SURFACES])}) ?(?:{alternatives([*_SURFACE_BASES])})"

# A unit with factors and divisors. Powers are written with a caret.
UNIT = (
    rf"(?:{_SURFACE}|(?:in(?=\^)|N(?=[\u00b7*/-])|A(?=h)|{_FACTOR})(?:\^[1-4])?(?:[\u00b7*](?:{_DIVISOR}))?"
    rf"(?:\s?/\s?\(?(?:{_DIVISOR})(?:[\u00b7*](?:{_DIVISOR})\)?)?)?)(?![A-Za-z0-9^\u00b0]|/\w)"
)


def noun_of(symbol: str) -> str | None:
    """Return the name of a unit's symbol, singular, or None."""
    return _BELOW.get(symbol) or _NOUNS.get(symbol)


def unit_noun(unit: str) -> str:
    """Read a match of `UNIT` in the singular: "km/h" as kilometer per hour."""
    surface = re.fullmatch(rf"({alternatives([*_SURFACES])}) ?(.+)", unit)
    if surface and surface[2] in _SURFACE_BASES:
        return f"{_SURFACES[surface[1]]} {_SURFACE_BASES[surface[2]]}"
    over = [unit] if unit in _NOUNS else re.split(r"\s?/\s?", unit)
    names = [" ".join(_factor(part) for part in re.split("[\u00b7*]", side.strip("()"))) for side in over]
    return " per ".join(names)


def _factor(factor: str) -> str:
    symbol, _, power = factor.partition("^")
    if symbol not in _NOUNS and symbol not in _BELOW and symbol[-1:] in "23":
        symbol, power = symbol[:-1], symbol[-1]
    noun = _NOUNS.get(symbol) or _BELOW.get(symbol) or {"in": "inch", "N": "newton"}.get(symbol, symbol)
    if power.startswith("-"):
        return f"per {noun}" + (f" {_POWERS[power[1:]][1]}" if power[1:] in _POWERS else "")
    if power in _POWERS:
        before, after = _POWERS[power]
        return f"{before} {noun}" if noun in _LENGTHS else f"{noun} {after}"
    return f"{noun} to the fourth" if power == "4" else noun


def plural(noun: str) -> str:
    """Return the plural of what `unit_noun` returned."""
    head, *rest = noun.split(" per ")
    if head.startswith(("degree ", "millimeter of ")):
        first, _, kind = head.partition(" ")
        head = f"{first}s {kind}"
    else:
        *before, last = head.split(" ")
        if last in _UNCHANGED:
            pass
        elif last in ("squared", "cubed") and before:
            before[-1] = _IRREGULAR.get(before[-1], before[-1] + "s")
        else:
            last = _IRREGULAR.get(last, f"{last}s")
        head = " ".join([*before, last])
    return " per ".join([head, *rest])
