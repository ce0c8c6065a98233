"""Join utterances with silence between them and faded edges."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

FADE_S = 0.005  # shorter than any speech sound, long enough to avoid a click


def join_utterances(
    utterances: Sequence[NDArray[np.float32]], pause_s: Sequence[float], sample_rate_hz: int
) -> NDArray[np.float32]:
    """Join utterances.

    Args:
        utterances: (N,) float32 each, at least one.
        pause_s: silence after each, seconds; the one after the last is left out.
        sample_rate_hz: of the utterances.

    Returns:
        (samples,) float32 in [-1, 1]: all utterances, faded in and out, with round(pause_s * sample_rate_hz)
        zeros between them. Samples beyond full scale are clipped.
    """
    pauses = [round(seconds * sample_rate_hz) for seconds in pause_s[:-1]] + [0]
    joined = np.zeros(sum(utterance.size for utterance in utterances) + sum(pauses), np.float32)
    start = 0
    for utterance, pause in zip(utterances, pauses, strict=True):
        part = joined[start : start + utterance.size]
        np.clip(utterance, -1.0, 1.0, out=part)
        _fade(part, round(FADE_S * sample_rate_hz))
        start += utterance.size + pause
    return joined


def _fade(samples: NDArray[np.float32], length: int) -> None:
    """Fade both ends in place with a raised cosine."""
    length = min(length, samples.size // 2)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length, dtype=np.float32) + 0.5) / max(length, 1))
    samples[:length] *= rise
    samples[samples.size - length :] *= rise[::-1]
