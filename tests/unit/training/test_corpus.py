"""Text for training: what is spelled, what is held out."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import books
from training.corpus import expand, number_words, read_sentences, speakable, spell


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (10, "ten"),
        (19, "nineteen"),
        (20, "twenty"),
        (42, "forty two"),
        (100, "one hundred"),
        (317, "three hundred seventeen"),
        (1888, "one thousand eight hundred eighty eight"),
        (120000, "one hundred twenty thousand"),
    ],
)
def test_numbers_are_written_as_they_are_read(number: int, words: str) -> None:
    assert number_words(number) == words


@pytest.mark.parametrize("number", [-1, 1_000_000])
def test_number_outside_the_range_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="expected 0 to 999999"):
        number_words(number)


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        (
            "Mr. Bell's cheque -- for 1,200 pounds!",
            "mister bell's cheque for one thousand two hundred pounds",
        ),
        ("'Tis the raison d\u2019être; “so be it.”", "tis the raison d'etre so be it"),
        ("the prisoners' dock", "the prisoners dock"),
        ("forty-two", "forty two"),
        ("She said no. Then yes.", "she said no then yes"),
        ("...", ""),
    ],
)
def test_spelling_keeps_letters_spaces_and_inner_apostrophes(written: str, spelled: str) -> None:
    assert spell(written) == spelled


def test_expanding_keeps_punctuation_and_capitals() -> None:
    assert expand("Mr. Fry, at No. 7").split() == ["Mister", "Fry,", "at", "No.", "seven"]


@pytest.mark.parametrize("text", ["C.I.A. men", "J. D. Tippit", "at one p.m. sharp", "the MSS", "grâce"])
def test_text_with_readings_beyond_its_letters_is_not_spoken(text: str) -> None:
    assert not speakable(text)


def test_last_rows_of_every_book_are_held_out(tmp_path: Path) -> None:
    rows = [f"{book}-{row:04d}\tx\tRow {row}." for book in ("A1", "A2") for row in range(100)]
    path = tmp_path / "text.tsv"
    path.write_text("\n".join(["id\ttext\tnormalized_text", *rows]))
    sentences = read_sentences(path)
    for book in ("A1", "A2"):
        splits = [s.split for s in sentences if s.book == book]
        assert splits == ["train"] * 94 + ["validation"] * 2 + ["test"] * 4


def test_corpus_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.tsv"
    path.write_text("name\tsentence\n")
    with pytest.raises(ValueError, match="expected a header with id and normalized_text"):
        read_sentences(path)


def test_book_rows_break_at_pauses_and_lose_nothing() -> None:
    text = " ".join(f"This is clause {n}, which goes on for a while; then it ends." for n in range(20))
    rows = list(books.rows(text))
    assert " ".join(rows) == text
    assert all(len(row) <= books.LONGEST_ROW_CHARACTERS for row in rows)
    assert all(row[-1] in ",;." for row in rows)


def test_book_paragraphs_are_plain_text() -> None:
    note = '<a href="n" epub:type="noteref">1</a>'
    markup = f"<p>“Well\u2060—<em>no</em>,” said he.{note}</p><p>\n</p><p>It\u2019s &amp; so…</p>"
    assert list(books.paragraphs(markup)) == ['"Well -- no," said he.', "It's & so..."]


def test_chapters_come_in_reading_order() -> None:
    names = [Path(name) for name in ("chapter-10", "chapter-2", "chapter-1-12", "chapter-1-3")]
    ordered = [path.name for path in sorted(names, key=books.chapter_order)]
    assert ordered == ["chapter-1-3", "chapter-1-12", "chapter-2", "chapter-10"]
