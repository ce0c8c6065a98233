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


def timed(written: Sequence[WrittenWord], word_times: NDArray[np.float32], spoken: int) -> NDArray[np.float32]:
    """Give written words the times of the spoken ones.

    Args:
        written: W words.
        word_times: (at least `spoken`, 3) float32: start and end in seconds, and confidence of each spoken word;
            rows after those are padding.
        spoken: number of spoken words.

    Returns:
        (W, 3) float32: start of the first word, end of the last, and the lowest confidence.

    Raises:
        InputError: `word_times` has another shape.
    """
    if word_times.ndim != 2 or word_times.shape[1] != COLUMNS or len(word_times) < spoken:
        raise InputError(
            f"word_times: expected {COLUMNS} columns and a row for each of {spoken} words, got shape "
            f"{word_times.shape}; send the times of the text's words."
        )
    first = np.array([word.first for word in written], np.intp)
    last = np.array([word.end - 1 for word in written], np.intp)
    times = np.empty((len(written), COLUMNS), np.float32)
    if written:
        start_s, end_s, confidence = word_times[:spoken].T
        times[:, 0], times[:, 1] = start_s[first], end_s[last]
        times[:, 2] = np.minimum.reduceat(confidence, first)
    return times
