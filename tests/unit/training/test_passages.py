"""Labels for punctuation and capitals, windows, the baseline and the scores."""

from __future__ import annotations

import random

import pytest

from training.evaluate_punctuation import parse, score, transcripts
from training.lookup import LookupBaseline
from training.passages import Windows, Word, digit_string, label


def marks(text: str) -> list[str]:
    return [f"{w.text}{'' if w.punctuation == 'O' else w.punctuation}" for w in label(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Well," said he; "why not?"', ["well,", "said", "he,", "why", "not?"]),
        ("Stop! He ran -- and fell.", ["stop.", "he", "ran,", "and", "fell."]),
        ("the lower-case (as such) letters", ["the", "lower", "case", "as", "such", "letters"]),
        ("It was J. Smith.", ["it", "was", "j", "smith."]),
        ("Mr. Bell's 42 men:", ["mister", "bell's", "forty", "two", "men,"]),
        ("So am I. You?", ["so", "am", "i.", "you?"]),
        ("What?! No...", ["what?", "no."]),
        ("--", []),
    ],
)
def test_marks_are_mapped_to_comma_full_stop_and_question_mark(text: str, expected: list[str]) -> None:
    assert marks(text) == expected


def test_capitals_are_those_of_first_letters() -> None:
    assert [w.capital for w in label("In Anglo-Saxon the iPhone, I said")] == [
        "U",
        "U",
        "U",
        "O",
        "O",
        "U",
        "O",
    ]


PASSAGE = label("One two three four. Five six seven? Eight nine, ten eleven twelve. " * 5)


def test_windows_are_pieces_of_the_passage_no_longer_than_asked() -> None:
    windows = Windows([PASSAGE], question_share=0.3, digit_share=0.0)
    randomness = random.Random(0)
    text = " ".join(w.text for w in PASSAGE)
    for _ in range(200):
        window = windows.draw(9, randomness)
        assert 1 <= len(window) <= 9
        assert " ".join(w.text for w in window) in text


def test_every_window_drawn_for_a_question_reaches_it_unless_cut_at_a_sentence_end() -> None:
    windows = Windows([PASSAGE], question_share=1.0, digit_share=0.0)
    randomness = random.Random(0)
    drawn = [windows.draw(12, randomness) for _ in range(200)]
    assert sum(any(w.punctuation == "?" for w in window) for window in drawn) > 120


def test_digit_strings_start_with_a_capital_and_end_with_a_full_stop() -> None:
    randomness = random.Random(0)
    for _ in range(50):
        words = digit_string(randomness)
        assert words[0].capital == "U"
        assert [w.punctuation for w in words] == ["O"] * (len(words) - 1) + ["."]


def test_baseline_repeats_what_it_has_seen() -> None:
    passage = label("He came from London, and then he left. Where is London, and who?")
    words = LookupBaseline([passage]).predict(["london", "and", "who"])
    assert words == [Word("london", ",", "U"), Word("and"), Word("who", ".")]


def test_baseline_survives_words_never_seen() -> None:
    assert LookupBaseline([[]]).predict(["a", "b"]) == [Word("a", "O", "U"), Word("b", ".")]


def test_scores_count_each_label_apart() -> None:
    truth = [[Word("a", ",", "U"), Word("b", "O", "O"), Word("c", ".", "O")]]
    guess = [[Word("a", ",", "O"), Word("b", ",", "U"), Word("c", "?", "O")]]
    scores = score(truth, guess)
    assert (scores["comma"].precision, scores["comma"].recall) == (0.5, 1.0)
    assert scores["comma"].f1 == pytest.approx(2 / 3)
    assert scores["full stop"].f1 == scores["question mark"].f1 == scores["capital"].f1 == 0.0


def test_restored_text_is_parsed_back_to_labels() -> None:
    assert parse("Well, it's so. Why?") == [
        Word("well", ",", "U"),
        Word("it's", "O", "O"),
        Word("so", ".", "O"),
        Word("why", "?", "U"),
    ]


def test_transcripts_end_with_sentences() -> None:
    pieces = list(transcripts([PASSAGE * 8]))
    assert pieces
    assert all(len(piece) >= 120 and piece[-1].ends_sentence for piece in pieces)
