"""Words as they are written, and the times of the spoken words that they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError

COLUMNS = 3  # start_s, end_s, confidence


@dataclass(frozen=True)
class WrittenWord:
    """A word of the written text, with its marks."""

    text: str
    first: int  #: index of the first spoken word that it stands for
    end: int  #: index after the last one


@dataclass(frozen=True)
class TimedText:
    """A written text, and its words with times."""

    text: str
    word: tuple[str, ...]  #: none if the times given are not those of the text's words
    times: NDArray[np.float32]  #: (words, 3): start and end in seconds, confidence

    @classmethod
    def of(cls, written: Sequence[WrittenWord], word_times: NDArray[np.float32]) -> TimedText:
        """Put the words together, with times from those of the spoken words; see `timed`."""
        words = tuple(word.text for word in written)
        times = timed(written, word_times)
        if times is None:
            return cls(" ".join(words), (), np.zeros((0, COLUMNS), np.float32))
        return cls(" ".join(words), words, times)


def timed(written: Sequence[WrittenWord], word_times: NDArray[np.float32]) -> NDArray[np.float32] | None:
    """Give written words the times of the spoken ones.

    Args:
        written: W words, which together stand for all spoken ones.
        word_times: (S, 3) float32: start and end in seconds, and confidence of each spoken word; zeros pad.

    Returns:
        (W, 3) float32: start of the first word that each stands for, end of the last, lowest
        confidence. None if the times are those of more or fewer words.

    Raises:
        InputError: `word_times` has other columns.
    """
    if word_times.ndim != 2 or word_times.shape[1] != COLUMNS:
        raise InputError(
            f"word_times: expected {COLUMNS} columns for each word, got shape {word_times.shape}; send "
            "start, end and confidence."
        )
    spoken = int(np.count_nonzero(word_times[:, 1] > 0))
    if (written[-1].end if written else 0) != spoken:
        return None
    times = np.zeros((len(written), COLUMNS), np.float32)
    if written:
        first = np.array([word.first for word in written], np.intp)
        last = np.array([word.end - 1 for word in written], np.intp)
        start_s, end_s, confidence = word_times[:spoken].T
        times[:, 0], times[:, 1] = start_s[first], end_s[last]
        times[:, 2] = np.minimum.reduceat(confidence, first)
    return times
