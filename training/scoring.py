"""Greedy CTC decoding, and the word error rate of its texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.word_errors import WordErrors, edit_distance
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels

__all__ = ["WordErrors", "edit_distance", "greedy_text"]


def greedy_text(log_probs: NDArray[np.float32], labels: Sequence[str]) -> str:
    """Read the best path of (T, V) log-probabilities; the blank is the index after the last label."""
    decoder = CtcDecoder(Labels.letters(labels, blank=len(labels)), frame_s=0.0)  # times are not read
    return decoder.decode(Frames(log_probs), duration_s=0.0).transcript
