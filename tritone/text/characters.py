"""From the bytes a caller sent to paragraphs in the characters that the normalisation knows."""

from __future__ import annotations

import re
import unicodedata

from ..errors import TextError

# Characters with a reading that Unicode's decompositions don't give.
_REWRITTEN = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201b\u02bc\u02bb\u2032`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2212", "-"),
        **dict.fromkeys("\u2014\u2015", "\u2014"),
        **dict.fromkeys("\u2022\u2023\u25e6\u3001", ","),
        **dict.fromkeys("\x85\u2028\u2029\x0b\x0c", "\n"),
        **dict.fromkeys("\u200b\u2060\u00a9\u00ae\u2122", " "),
        "\u3002": ".",
        "\u00b2": "^2",
        "\u00b3": "^3",
        "\u2116": "No. ",
        "\u00b5": "\u03bc",
        "\u2126": "\u03a9",
        "\u00c6": "Ae", "\u00e6": "ae", "\u0152": "Oe", "\u0153": "oe", "\u00d8": "O", "\u00f8": "o",
        "\u00df": "ss", "\u1e9e": "SS", "\u00d0": "D", "\u00f0": "d", "\u0110": "D", "\u0111": "d",
        "\u00de": "Th", "\u00fe": "th", "\u0141": "L", "\u0142": "l", "\u0131": "i", "\u0127": "h",
    }
)  # fmt: skip

# Beyond ASCII, what the rules of normalisation read aloud.
READ_ALOUD = (
    "\u00a3\u20ac\u00a5\u20b9\u00a2\u00b0\u2013\u2014"  # currencies, degree, dashes
    "\u00d7\u00f7\u00b1\u2248\u2264\u2265\u2260\u00a7\u03bc\u03a9\u03c0"  # arithmetic, section, Greek
)

_NAMED_AT_MOST = 5


def read_paragraphs(data: bytes, longest_text_characters: int) -> list[str]:
    """Decode a text and bring it to ASCII and the signs of `READ_ALOUD`.

    Letters lose their accents. Emoji, dingbats, control and private-use characters become a space, invisible
    format characters vanish. White space collapses; a blank line ends a paragraph.

    Returns:
        Paragraphs that are not empty.

    Raises:
        TextError: not UTF-8, too long, or with letters of other scripts.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise TextError(
            f"text: expected UTF-8, got an invalid byte at offset {error.start}; encode the text as UTF-8."
        ) from error
    if len(text) > longest_text_characters:
        raise TextError(
            f"text: expected at most {longest_text_characters} characters, got {len(text)}; send it in parts."
        )
    text = fold(text.replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n[^\S\n]*\n", text))
    return [paragraph for paragraph in paragraphs if paragraph]


def fold(text: str) -> str:
    """Bring text to ASCII and the signs of `READ_ALOUD`; raise TextError for letters of other scripts."""
    pieces: list[str] = []
    foreign: dict[str, None] = {}
    for character in _decomposed(text):
        if " " <= character <= "~" or character == "\n" or character in READ_ALOUD:
            pieces.append(character)
            continue
        category = unicodedata.category(character)
        if category == "Nd":
            pieces.append(str(unicodedata.decimal(character)))
        elif category[0] in "LN":
            foreign[character] = None
        elif category[0] != "M" and category != "Cf":  # accents and what is invisible leave no gap
            pieces.append(" ")
    if foreign:
        raise TextError(
            f"text: expected English in Latin letters, got {_names(list(foreign))}; "
            "transliterate these characters or remove them."
        )
    return "".join(pieces)


def _decomposed(text: str) -> str:
    if text.isascii():
        return text.translate(_REWRITTEN)
    # One half sign behind a whole number must not join it: 2\u00bd is 2 1/2, not 21/2.
    text = re.sub("[\u00bc-\u00be\u2150-\u215e]", lambda match: f" {match[0]}", text)
    return unicodedata.normalize("NFKD", text.translate(_REWRITTEN)).translate({0x2044: "/", 0x2212: "-"})


def _names(characters: list[str]) -> str:
    named = [f"U+{ord(c):04X} {unicodedata.name(c, 'without a name')}" for c in characters[:_NAMED_AT_MOST]]
    more = len(characters) - len(named)
    return ", ".join(named) + (f" and {more} more" if more else "")
