"""Texts in the teacher's phonemes."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.synthesis.phonemes import UnknownWordError, phonemise, read_dictionary, symbols

DICTIONARY = {
    "THE": ["DH", "AH0"],
    "WATER": ["W", "AO1", "T", "ER0"],
    "IS": ["IH1", "Z"],
    "COLD": ["K", "OW1", "L", "D"],
    "DON'T": ["D", "OW1", "N", "T"],
}


def test_words_are_separated_and_marks_follow_them() -> None:
    assert phonemise("Water, cold!", DICTIONARY) == "wˈɔTəɹ, kˈOld!"


def test_function_words_are_stressed_only_alone() -> None:
    assert phonemise("The water is cold.", DICTIONARY) == "ðə wˈɔTəɹ ɪz kˈOld."
    assert phonemise("Is?", DICTIONARY) == "ˈɪz?"


def test_apostrophes_inside_words_belong_to_them() -> None:
    assert phonemise("'don't'", DICTIONARY) == "dˈOnt"


def test_a_word_that_the_dictionary_lacks_is_refused_by_name() -> None:
    with pytest.raises(UnknownWordError, match="'zyx'"):
        phonemise("cold zyx", DICTIONARY)


@pytest.mark.parametrize(
    ("phonemes", "written"),
    [
        ("S IH1 T IY0", "sˈɪTi"),  # city
        ("P AA1 R T IY0", "pˈɑɹTi"),  # party
        ("AH0 T AE1 K", "ətˈæk"),  # attack
        ("S T OW1 N", "stˈOn"),  # stone
        ("B AH1 T", "bˈʌt"),  # but
        ("B ER1 D", "bˈɜɹd"),  # bird
        ("S EH1 K AH0 N D EH2 R IY0", "sˈɛkəndˌɛɹi"),  # secondary
    ],
)
def test_phonemes_are_written_as_the_teacher_knows_them(phonemes: str, written: str) -> None:
    assert symbols(phonemes.split()) == written


def test_the_dictionary_is_read_without_its_notice(tmp_path: Path) -> None:
    path = tmp_path / "pronunciations.txt"
    path.write_text(";;; Keep this.\n;;;\nGO  G OW1\n", encoding="latin-1")
    assert read_dictionary(path) == {"GO": ["G", "OW1"]}
