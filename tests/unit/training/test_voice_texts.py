"""What the demo voice reads, kind by kind."""

from __future__ import annotations

import random
import re

import pytest

from training.corpus import Sentence
from training.synthesis.texts import (
    KINDS,
    LONGEST_CHARACTERS,
    kind_of,
    phrase,
    spelled_letters,
    split_of,
    spoken_number,
    texts_of,
    utterances,
)


def test_sentences_are_spoken_one_by_one() -> None:
    assert list(utterances("It rained. Did he care? No!")) == ["It rained.", "Did he care?", "No!"]


def test_long_sentences_are_spoken_in_clauses() -> None:
    first = "when the rain had stopped at last and all of them were tired of waiting"
    assert list(utterances(f"{first}, they went home.")) == [f"{first},", "they went home."]


def test_a_row_without_a_mark_at_its_end_gets_a_comma() -> None:
    assert list(utterances("and then")) == ["and then,"]


def test_quotes_and_dashes_are_no_words() -> None:
    assert list(utterances("\u201cStop\u201d\u2014he said\u2014'now'.")) == ["Stop, he said, now."]


def test_sentences_too_long_for_an_utterance_are_left_out() -> None:
    assert list(utterances("word " * LONGEST_CHARACTERS)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Nevertheless.", "word"),
        ("four, two zero.", "number"),
        ("seven thousand nine hundred thirty seven.", "number"),
        ("K, B, F.", "letters"),
        ("Seven men came.", "sentence"),
        ("He was of the same opinion as the committee, and told them so.", "long sentence"),
    ],
)
def test_texts_are_told_apart_by_kind(text: str, kind: str) -> None:
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    ("make", "kind"), [(spoken_number, "number"), (spelled_letters, "letters"), (phrase, "sentence")]
)
def test_generated_texts_are_of_their_kind(make: object, kind: str) -> None:
    assert callable(make)
    texts = [make(random.Random(seed)) for seed in range(200)]
    kinds = {kind_of(text).removeprefix("long ") for text in texts}
    assert kinds == {kind}
    assert not any(re.search(r"[{}\d]", text) for text in texts)


def _sentences() -> list[Sentence]:
    words = ("apples", "bread", "cheese", "dates", "eggs", "figs", "grapes", "honey")
    return [
        Sentence(f"a-{split}-{word}", f"There were {word} for {split}.", split)
        for split in ("train", "validation", "test")
        for word in words
    ]


def test_texts_are_deterministic() -> None:
    first, second = (texts_of(_sentences(), "train", 40, lambda _: True) for _ in range(2))
    assert first == second


def test_texts_are_of_every_kind_and_of_their_own_split() -> None:
    chosen = texts_of(_sentences(), "test", 100, lambda _: True)
    assert {kind_of(text).removeprefix("long ") for text in chosen} >= {"sentence", "number", "letters"}
    books = [text for text in chosen if text.startswith("There were") and "for" in text]
    assert any("for test" in text for text in books)
    assert not any("for train" in text or "for validation" in text for text in books)
    others = [text for text in chosen if kind_of(text) in ("number", "letters", "word")]
    assert {split_of(text) for text in others} == {"test"}


def test_texts_that_cannot_be_read_are_left_out() -> None:
    chosen = texts_of(_sentences(), "train", 40, lambda text: "eggs" not in text.lower())
    assert chosen
    assert not any("eggs" in text for text in chosen)


def test_every_kind_has_a_name() -> None:
    assert {kind_of(text) for text in texts_of(_sentences(), "train", 200, lambda _: True)} <= set(KINDS)
