"""Text for training: the acoustic model's spelling, and which rows are held out.

Rows come from a tab-separated file with a header and the columns `id` and `normalized_text`, in reading
order, as in the LJ Speech corpus. `id` is `<book>-<row>`, for instance `LJ001-0004`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

SPLITS = ("train", "validation", "test")

# The last rows of every book are held out, so that each subject of the corpus is in training and in test.
TEST_FRACTION = 0.04
VALIDATION_FRACTION = 0.02

_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'"})
_LIGATURES = str.maketrans({"\u00e6": "ae", "\u00c6": "Ae", "\u0153": "oe", "\u0152": "Oe"})
_ABBREVIATIONS = {
    "mr": "mister",
    "mrs": "misses",
    "messrs": "messrs",
    "dr": "doctor",
    "st": "saint",
    "esq": "esquire",
    "etc": "et cetera",
    "lt": "lieutenant",
    "col": "colonel",
    "gen": "general",
    "capt": "captain",
    "rev": "reverend",
    "hon": "honorable",
    "jr": "junior",
    "sr": "senior",
    "co": "company",
    "ltd": "limited",
    "gov": "governor",
    "sgt": "sergeant",
}
_ABBREVIATION = re.compile(r"\b(" + "|".join(_ABBREVIATIONS) + r")\.(?=\s|,|$)", re.IGNORECASE)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
)
_SMALL = DIGITS + _TEENS
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


@dataclass(frozen=True)
class Sentence:
    """One row of the corpus."""

    id: str  # <book>-<row>
    text: str  # as written, with punctuation
    split: str  # train, validation or test

    @property
    def book(self) -> str:
        """The part of the id that names the book."""
        return self.id.split("-", 1)[0]


def number_words(number: int) -> str:
    """Write a whole number from 0 to 999,999 in words, the way it is read aloud."""
    if not 0 <= number < 1_000_000:
        raise ValueError(f"number: expected 0 to 999999, got {number}; spell it out in the text.")
    if number < 20:
        return _SMALL[number]
    if number < 100:
        tens, rest = divmod(number, 10)
        return _TENS[tens] + (f" {_SMALL[rest]}" if rest else "")
    unit, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    head, rest = divmod(number, unit)
    return f"{number_words(head)} {name}" + (f" {number_words(rest)}" if rest else "")


def expand(text: str) -> str:
    """Replace digits and abbreviations by the words that a voice reads; punctuation stays."""
    text = text.translate(_APOSTROPHES)
    text = _ABBREVIATION.sub(_long_form, text)
    text = text.replace("&", " and ")
    text = re.sub(r"(?<=\d),(?=\d{3})", "", text)
    return re.sub(r"\d{1,6}", lambda match: f" {number_words(int(match[0]))} ", text)


def _long_form(match: re.Match[str]) -> str:
    word = _ABBREVIATIONS[match[1].lower()]
    return word.capitalize() if match[1][0].isupper() else word


def spell(text: str) -> str:
    """Reduce text to the 28 characters of the acoustic model: a-z, apostrophe and single spaces.

    Accents are dropped, every other mark becomes a space; apostrophes stay only inside words.
    """
    text = (
        unicodedata.normalize("NFKD", expand(text).translate(_LIGATURES))
        .encode("ascii", "ignore")
        .decode()
        .lower()
    )
    text = re.sub(r"[^a-z']+", " ", text)
    text = re.sub(r"(?<![a-z])'+|'+(?![a-z])", " ", text)
    return " ".join(text.split())


def speakable(text: str) -> bool:
    """Whether a voice is likely to read exactly the letters that `spell` keeps.

    Initialisms and initials ("C.I.A.", "J. D.", "MSS") and foreign spellings are read in ways that the
    letters don't show.
    """
    has_initialism = re.search(r"\b[A-Z]{2,}\b|\b[A-Za-z]\.|[^\W\d_]_", text)
    return text.translate(_APOSTROPHES).isascii() and not has_initialism


def read_sentences(path: Path) -> list[Sentence]:
    """Read a corpus file and assign each row to a split.

    Raises:
        ValueError: the header lacks a needed column.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    header = lines[0].split("\t") if lines else []
    if not {"id", "normalized_text"} <= set(header):
        raise ValueError(f"{path}: expected a header with id and normalized_text, got {header}.")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:] if line]
    return list(_split_books((row["id"], row["normalized_text"]) for row in rows))


def _split_books(rows: Iterable[tuple[str, str]]) -> Iterator[Sentence]:
    for _, group in groupby(rows, key=lambda row: row[0].split("-", 1)[0]):
        book = list(group)
        test_from = len(book) - round(len(book) * TEST_FRACTION)
        validation_from = test_from - round(len(book) * VALIDATION_FRACTION)
        for index, (row_id, text) in enumerate(book):
            split = "train" if index < validation_from else "validation" if index < test_from else "test"
            yield Sentence(row_id, text, split)
