"""What a stream gives its client in answer to a chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...contract import SAMPLE_RATE_HZ
from .interim import InterimText


@dataclass(frozen=True)
class Segment:
    """A part of a stream that has ended."""

    start: int  # first sample
    stop: int  # one past the last
    samples: NDArray[np.float32]  # 16 kHz

    @property
    def start_s(self) -> float:
        """Seconds from the start of the stream."""
        return self.start / SAMPLE_RATE_HZ

    @property
    def stop_s(self) -> float:
        """Seconds from the start of the stream."""
        return self.stop / SAMPLE_RATE_HZ


@dataclass(frozen=True)
class Update:
    """The state of a stream after a chunk."""

    audio_processed_s: float
    interim: InterimText
    speech_started: bool
    segment: Segment | None = None  # the one that has ended, to be recognised as a whole


@dataclass(frozen=True)
class TimedWords:
    """Words with their times, one entry per word."""

    word: NDArray[Any] = field(default_factory=lambda: np.zeros(0, object))  # bytes, UTF-8
    start_s: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    end_s: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    confidence: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass(frozen=True)
class FinalText:
    """What the recogniser says of a whole segment; times are those of the stream."""

    transcript: bytes = b""
    text: bytes = b""
    words: TimedWords = field(default_factory=TimedWords)
    written_text: bytes = b""
    written_words: TimedWords = field(default_factory=TimedWords)
