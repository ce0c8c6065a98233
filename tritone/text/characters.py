"""Decode a text to paragraphs in the characters that normalisation supports."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from ..errors import TextError
from ..utf8 import decode_text
from .markup import strip_markup

# Characters with a reading that Unicode's decompositions don't give.
_REWRITTEN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u02bb\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012", "-"),
        **dict.fromkeys("\u2014\u2015", "\u2014"),
        **dict.fromkeys("\u2022\u2023\u25e6\u3001", ","),
        **dict.fromkeys("\x85\u2028\u2029\x0b\x0c", "\n"),
        **dict.fromkeys("\u200b\u2060\u00ae\u2122", " "),
        "\u3002": ".",
        "\u2116": "No. ",
        "\u00b5": "\u03bc",
        "\u2126": "\u03a9",
        "\u2044": "/",
        "\u2215": "/",
        "\u2236": ":",
        "\u2009": " ",
        "\u00c6": "Ae", "\u00e6": "ae", "\u0152": "Oe", "\u0153": "oe", "\u00d8": "O", "\u00f8": "o",
        "\u00df": "ss", "\u1e9e": "SS", "\u00d0": "D", "\u00f0": "d", "\u0110": "D", "\u0111": "d",
        "\u00de": "Th", "\u00fe": "th", "\u0141": "L", "\u0142": "l", "\u0131": "i", "\u0127": "h",
    }
)  # fmt: skip
_RAISED = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b\u207f\u2071", "0123456789+-ni"
)
_POWER = re.compile("[\u2070\u00b9\u00b2\u00b3\u2074-\u207b\u207f\u2071]+")
_FOOTNOTE = re.compile("(?:(?<=[a-z]{5})|(?<=[a-z)][.,;:!?]))[\u00b9\u00b2\u00b3\u2070-\u2079]{1,3}(?!\\w)")
_FRACTION = re.compile("[\u00bc-\u00be\u2150-\u215e]")
_DEGREES = re.compile(r"(?<=\d)\s?\u00ba(?=\s?[CF]\b)|\u2103|\u2109")
_DEGREE_SIGNS = {"\u2103": "\u00b0C", "\u2109": "\u00b0F"}
_ANGSTROM = re.compile("(?<=\\d)\\s?[\u212b\u00c5](?!\\w)")
_GREEK_WORD = re.compile("[\u0370-\u03ff\u1f00-\u1fff]{3,}")  # fewer are symbols: \u0394t, \u03bc\u03a9
# ISO 80000 groups digits by narrow spaces that don't break.
_GROUPED = re.compile("(?<![\\d.,])\\d{1,3}(?:[\u00a0\u2007\u2009\u202f]\\d{3})+(?!\\d)")

_NAMED_AT_MOST = 5


def read_paragraphs(data: bytes, longest_text_characters: int, read_aloud: Collection[str]) -> list[str]:
    """Decode a text, strip markup and fold it to ASCII and the signs of `read_aloud`.

    Accents are removed. Emoji, dingbats, control and private-use characters become a space, invisible format
    characters are removed; mathematical signs and currencies without a rule are named. White space is
    collapsed; a blank line ends a paragraph.

    Args:
        data: UTF-8.
        longest_text_characters: limit on the text.
        read_aloud: characters beyond ASCII that the language's rules read.

    Returns:
        The non-empty paragraphs.

    Raises:
        TextError: not UTF-8, too long, or with letters of other scripts.
    """
    text = decode_text(data, "text", longest_text_characters)
    text = fold(strip_markup(text.replace("\r\n", "\n").replace("\r", "\n")), read_aloud)
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n[^\S\n]*\n", text))
    return [paragraph for paragraph in paragraphs if paragraph]


def fold(text: str, read_aloud: Collection[str]) -> str:
    """Fold text to ASCII and the signs of `read_aloud`; raise TextError for letters of other scripts."""
    pieces: list[str] = []
    foreign: dict[str, None] = {}
    for word in _GREEK_WORD.findall(text):
        foreign.update(dict.fromkeys(word))
    for character in _decomposed(text, read_aloud):
        if " " <= character <= "~" or character == "\n" or character in read_aloud:
            pieces.append(character)
            continue
        category = unicodedata.category(character)
        if category == "Nd":
            pieces.append(str(unicodedata.decimal(character)))
        elif category in ("Sm", "Sc"):
            pieces.append(f" {unicodedata.name(character).removesuffix(' SIGN').lower()} ")
        elif category[0] in "LN":
            foreign[character] = None
        elif category[0] != "M" and category != "Cf":  # accents and invisible characters leave no gap
            pieces.append(" ")
    if foreign:
        raise TextError(
            f"text: expected English in Latin letters, got {_names(list(foreign))}; "
            "transliterate these characters or remove them."
        )
    return "".join(pieces)


def _decomposed(text: str, read_aloud: Collection[str]) -> Iterator[str]:
    if text.isascii():
        yield from text.translate(_REWRITTEN)
        return
    text = _GROUPED.sub(lambda match: "".join(filter(str.isdecimal, match[0])), text)
    text = _DEGREES.sub(lambda match: _DEGREE_SIGNS.get(match[0], "\u00b0"), text)
    text = _ANGSTROM.sub(" angstrom", text)
    text = _FOOTNOTE.sub("", text)
    text = _POWER.sub(lambda match: f"^{match[0].translate(_RAISED)}", text)
    # A fraction sign after a whole number must not join it: 2\u00bd is 2 1/2, not 21/2.
    text = _FRACTION.sub(lambda match: f" {match[0]}", text)
    text = unicodedata.normalize("NFC", text).translate(_REWRITTEN)
    for character in text:
        if character in read_aloud:
            yield character
        else:
            yield from _plain(character)


def _plain(character: str) -> str:
    """Decompose a character, unless that would drop a stroke that negates a sign."""
    plain = unicodedata.normalize("NFKD", character)
    if unicodedata.category(character) == "Sm" and any(unicodedata.combining(part) for part in plain):
        return character
    return plain.translate({0x2044: "/"})


def _names(characters: list[str]) -> str:
    named = [f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}" for c in characters[:_NAMED_AT_MOST]]
    more = len(characters) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
