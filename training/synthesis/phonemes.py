"""Texts in the phonemes that Kokoro was trained on, read as the pronouncing dictionary says.

Teacher and student then read every word alike, whatever a letter-to-sound rule would make of it. Kokoro's
symbols are those of its own front end for American English (https://github.com/hexgrad/misaki): IPA, with one
letter for every diphthong and affricate, and the stress right before its vowel.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from training.synthesis.pronunciations import COMMENT

MARKS = ",.?!"
FLAP = "T"  # the sound in "water" and "city"
_STRESSES = {"0": "", "1": "ˈ", "2": "ˌ"}
_VOWELS = {
    "AA": "ɑ",
    "AE": "æ",
    "AH": "ʌ",
    "AO": "ɔ",
    "AW": "W",
    "AY": "I",
    "EH": "ɛ",
    "ER": "ɜɹ",
    "EY": "A",
    "IH": "ɪ",
    "IY": "i",
    "OW": "O",
    "OY": "Y",
    "UH": "ʊ",
    "UW": "u",
}
_UNSTRESSED = {"AH": "ə", "ER": "əɹ"}
_CONSONANTS = {
    "B": "b",
    "CH": "ʧ",
    "D": "d",
    "DH": "ð",
    "F": "f",
    "G": "ɡ",
    "HH": "h",
    "JH": "ʤ",
    "K": "k",
    "L": "l",
    "M": "m",
    "N": "n",
    "NG": "ŋ",
    "P": "p",
    "R": "ɹ",
    "S": "s",
    "SH": "ʃ",
    "T": "t",
    "TH": "θ",
    "V": "v",
    "W": "w",
    "Y": "j",
    "Z": "z",
    "ZH": "ʒ",
}
# The dictionary stresses them, as it lists words alone; between others they are not.
_WEAK = (
    "a am an and are as at be been but by can could did do does for from had has have he her him his if "
    "in into is it its may me might must my of on or our shall she should so some than that the their "
    "them then they this to us was we were will with would you your"
)
WEAK_WORDS = frozenset(_WEAK.split())
_TOKEN = re.compile(rf"[A-Za-z]+(?:'[A-Za-z]+)*'?|[{MARKS}]")


class UnknownWordError(ValueError):
    """A word that the dictionary lacks."""


def read_dictionary(path: Path) -> dict[str, list[str]]:
    """Read the output of training.synthesis.pronunciations: the ARPAbet phonemes of words in capitals."""
    lines = path.read_text(encoding="latin-1").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith(COMMENT.strip()))
    return {word: phonemes for word, *phonemes in rows}


def symbols(phonemes: list[str], weak: bool = False) -> str:
    """Write one word's ARPAbet phonemes in Kokoro's symbols.

    Args:
        phonemes: of the dictionary, with stress.
        weak: leave the stress out.
    """
    return "".join(_symbols(phonemes, weak))


def _symbols(phonemes: list[str], weak: bool) -> Iterator[str]:
    for index, phoneme in enumerate(phonemes):
        vowel, stress = phoneme.rstrip("012"), phoneme[-1]
        if vowel in _VOWELS:
            reduced = _UNSTRESSED.get(vowel) if stress == "0" else None
            yield ("" if weak else _STRESSES[stress]) + (reduced or _VOWELS[vowel])
        elif phoneme == "T" and _is_flapped(phonemes, index):
            yield FLAP
        else:
            yield _CONSONANTS[phoneme]


def _is_flapped(phonemes: list[str], index: int) -> bool:
    """Whether a T stands between a vowel or R and an unstressed vowel."""
    if not 0 < index < len(phonemes) - 1:
        return False
    before, after = phonemes[index - 1], phonemes[index + 1]
    return (before[-1].isdigit() or before == "R") and after[-1] == "0"


def phonemise(text: str, dictionary: Mapping[str, list[str]]) -> str:
    """Write a text in Kokoro's symbols, words separated by spaces, with its marks.

    Raises:
        UnknownWordError: the dictionary lacks a word.
    """
    tokens = _TOKEN.findall(text)
    words = [token for token in tokens if token not in MARKS]
    spoken = ""
    for token in tokens:
        if token in MARKS:
            spoken += token
            continue
        phonemes = dictionary.get(token.upper()) or dictionary.get(token.strip("'").upper())
        if phonemes is None:
            raise UnknownWordError(f"{token!r}: expected a word of the pronouncing dictionary.")
        weak = len(words) > 1 and token.lower() in WEAK_WORDS
        spoken += (" " if spoken else "") + symbols(phonemes, weak)
    return spoken
