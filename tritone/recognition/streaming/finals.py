"""The final pass over a segment: the recogniser of whole recordings, called with exactly its samples."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...concurrency import Network
from ...contract import MIN_AUDIO_S, SAMPLE_RATE_HZ
from .results import FinalText, Segment, TimedWords

INPUTS = ("audio", "audio_length")
OUTPUTS = ("transcript", "text", "word", "word_start_s", "word_end_s", "word_confidence")
WRITTEN = (
    "written_text", "written_word", "written_word_start_s", "written_word_end_s", "written_word_confidence",
)  # fmt: skip
_SHORTEST = round(MIN_AUDIO_S * SAMPLE_RATE_HZ)


class FinalPass:
    """Recognises segments.

    Args:
        plain: calls the recogniser for OUTPUTS.
        written: calls it for OUTPUTS and WRITTEN.
    """

    def __init__(self, plain: Network, written: Network) -> None:
        self._plain = plain
        self._written = written

    def recognise(
        self, segment: Segment, parameters: Mapping[str, bool | int | str], *, written: bool
    ) -> FinalText:
        """Recognise one segment.

        Args:
            segment: one that is too short for the recogniser has no words.
            parameters: of the request, as the client sent them.
            written: whether the text with figures is wanted.
        """
        if segment.samples.size < _SHORTEST:
            return FinalText()
        length = np.array([[segment.samples.size]], np.int64)
        network = self._written if written else self._plain
        transcript, text, *others = network(segment.samples[np.newaxis], length, **parameters)
        words = _words(others[:4], segment)
        if not written:
            return FinalText(transcript[0, 0], text[0, 0], words)
        return FinalText(transcript[0, 0], text[0, 0], words, others[4][0, 0], _words(others[5:], segment))


def _words(columns: list[NDArray[np.float32]], segment: Segment) -> TimedWords:
    """Return words (1, W), starts, ends and confidences with times of the whole stream."""
    word, start_s, end_s, confidence = (column[0].copy() for column in columns)
    offset = segment.start_s
    return TimedWords(word, _later(start_s, offset), _later(end_s, offset), confidence)


def _later(times_s: NDArray[np.float32], offset_s: float) -> NDArray[np.float32]:
    return (times_s.astype(np.float64) + offset_s).astype(np.float32)
