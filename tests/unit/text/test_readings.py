"""The texts and expected readings of readings.tsv."""

import csv
from pathlib import Path

import pytest

from tritone.text.characters import read_paragraphs
from tritone.text.english import READ_ALOUD, Normaliser

with Path(__file__).with_name("readings.tsv").open(encoding="utf-8", newline="") as _file:
    ROWS = list(csv.DictReader(_file, delimiter="\t", quoting=csv.QUOTE_NONE))

# Entries of a pronouncing dictionary, which include some initialisms.
WORDS = frozenset(
    "it us who id led pm am or ct est co stop no is here now doctor floor covid rom net nasa ma".split()
)


def is_word(letters):
    return letters in WORDS


def has_vowel(letters):
    return bool(set(letters) & set("aeiouy"))


def read(written, knows):
    paragraphs = read_paragraphs(written.encode(), 1000, READ_ALOUD)
    return " ".join(Normaliser(knows).normalise(paragraph) for paragraph in paragraphs)


@pytest.mark.parametrize("knows", [is_word, has_vowel], ids=["dictionary", "letters"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['kind']}: {row['written']}")
def test_text_is_read_as_a_native_speaker_reads_it(row, knows):
    assert read(row["written"], knows) == row["spoken"]


def test_the_table_has_no_text_twice():
    assert len({row["written"] for row in ROWS}) == len(ROWS) > 300
