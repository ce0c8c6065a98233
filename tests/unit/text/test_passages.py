"""Passages of texts that arrive in pieces."""

import pytest

from tritone.text.passages import PassageBuffer, plain_opening
from tritone.text.utterances import Closing

LONG = "It was late, and nobody came. "


def passages(text, size):
    buffer = PassageBuffer()
    found = [
        passage for start in range(0, len(text), size) for passage in buffer.add(text[start : start + size])
    ]
    rest = buffer.finish()
    return [*found, *([rest] if rest else [])]


def texts(text, size=4):
    return [passage.text for passage in passages(text, size)]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 1000])
def test_sentences_are_found_wherever_the_pieces_are_cut(size):
    text = 'One came. "Two?" Three! (Four.) Five\u2026 six. Seven'
    assert texts(text, size) == ["One came.", '"Two?"', "Three!", "(Four.)", "Five\u2026 six.", "Seven"]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. Smith came home",
        "It was 3.5 km. Berlin is far",
        "Mr. J. R. Brown and the U.S. Army left",
        "See p. 5 and vol. 2. It helps",
        "They sell fruit etc. The shop is open",
        "i.e. this one",
        "Chapter 1. The beginning",
        "first... then nothing",
        "it ended. but it went on",
    ],
)
def test_what_may_not_end_a_sentence_waits_for_more(text):
    assert texts(text) == [text]


def test_a_sentence_is_given_when_the_next_one_begins():
    buffer = PassageBuffer()
    assert buffer.add("He came home. ") == []
    assert [passage.text for passage in buffer.add("T")] == ["He came home."]
    assert buffer.characters == 1


def test_a_blank_line_ends_a_paragraph_even_without_a_mark():
    found = passages("A title\r\n\r\nIt began. It went on.\n \nLast", 3)
    assert [(passage.text, passage.closing) for passage in found] == [
        ("A title", Closing.PARAGRAPH),
        ("It began.", Closing.SENTENCE),
        ("It went on.", Closing.PARAGRAPH),
        ("Last", None),
    ]


def test_marks_alone_go_with_what_follows():
    assert texts("- ! ? ... \n\n He came. ?! ") == ["- ! ? ... \n\n He came. ?!"]
    assert texts(" \n\n ") == []


def test_a_long_piece_is_searched_once():
    buffer = PassageBuffer()
    for _ in range(20_000):
        buffer.add("word ")
    assert buffer.characters == 100_000


def test_the_opening_of_a_long_plain_text_is_its_first_sentence():
    opening = plain_opening(LONG * 60)
    assert (opening.text, opening.closing) == (LONG.strip(), Closing.SENTENCE)


@pytest.mark.parametrize(
    "start", ["", "It cost 3 euros. ", "NASA came. ", "**He** came. ", "<p>He came. ", "x" * 600 + ". "]
)
def test_only_words_that_read_alike_in_any_text_are_an_opening(start):
    assert plain_opening(start + LONG) is None  # short
    assert (plain_opening(start + LONG * 60) is None) == bool(start)
