"""The Free Spoken Digit Dataset: its held-out slice, and digit strings joined from single recordings."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from training.corpus import DIGITS
from training.voices import SAMPLE_RATE_HZ, Samples, resampled

# The recordings of every digit and speaker are numbered; FSDD's own advice is to test on the lowest numbers.
TEST_INDICES = range(0, 10)
VALIDATION_INDICES = range(10, 12)


@dataclass(frozen=True)
class Digit:
    """One recording of one spoken digit."""

    path: Path  # audio file, 8 kHz
    text: str  # the digit as a word
    speaker: str  # given name
    index: int  # number of the repetition

    @property
    def split(self) -> str:
        """The split, by the number of the repetition."""
        if self.index in TEST_INDICES:
            return "test"
        return "validation" if self.index in VALIDATION_INDICES else "train"

    def samples(self) -> Samples:
        """Return (N,) int16 at 16 kHz."""
        audio, rate_hz = soundfile.read(self.path, dtype="int16")
        return resampled(audio, rate_hz)


def read_digits(folder: Path) -> list[Digit]:
    """Read the data set's manifest; file names end in `<digit>_<speaker>_<index>`."""
    rows = (json.loads(line) for line in (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines())
    return [
        Digit(
            folder / row["audio_filepath"],
            row["text"],
            row["speaker"],
            int(Path(row["audio_filepath"]).stem.rsplit("_", 1)[1]),
        )
        for row in rows
    ]


def strings(digits: list[Digit], count: int, randomness: random.Random) -> Iterator[tuple[Samples, str]]:
    """Join 2 to 7 recordings of one speaker, with silence between, into strings of digits.

    Yields:
        (N,) int16 at 16 kHz and the words.
    """
    audio = [digit.samples() for digit in digits]
    for _ in range(count):
        chosen = [randomness.randrange(len(digits)) for _ in range(randomness.randint(2, 7))]
        pieces = [_silence(randomness)]
        for index in chosen:
            pieces += [audio[index], _silence(randomness)]
        yield np.concatenate(pieces), " ".join(digits[index].text for index in chosen)


def _silence(randomness: random.Random) -> Samples:
    return np.zeros(round(randomness.uniform(0.02, 0.35) * SAMPLE_RATE_HZ), np.int16)


def spoken_numbers(count: int, randomness: random.Random) -> Iterator[str]:
    """Write digit strings for a synthetic voice, with a comma now and then so that the pace varies."""
    for _ in range(count):
        words = [randomness.choice(DIGITS) for _ in range(randomness.randint(1, 8))]
        paced = [word + ("," if randomness.random() < 0.3 else "") for word in words]
        yield " ".join(paced).rstrip(",") + "."
