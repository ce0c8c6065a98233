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
    pauses = [pause_samples(seconds, sample_rate_hz) for seconds in pause_s[:-1]] + [0]
    joined = np.zeros(sum(utterance.size for utterance in utterances) + sum(pauses), np.float32)
    start = 0
    for utterance, pause in zip(utterances, pauses, strict=True):
        part = joined[start : start + utterance.size]
        part[:] = finished_edges(utterance, sample_rate_hz)
        start += utterance.size + pause
    return joined


def pause_samples(pause_s: float, sample_rate_hz: int) -> int:
    """Return the number of zeros of a pause."""
    return round(pause_s * sample_rate_hz)


def finished_edges(
    samples: NDArray[np.float32], sample_rate_hz: int, *, starts: bool = True, ends: bool = True
) -> NDArray[np.float32]:
    """Clip a part of an utterance to full scale, and fade the utterance's edges in it.

    Args:
        samples: (N,) float32. A part at one edge only must be longer than the fade.
        sample_rate_hz: of the samples.
        starts: whether the part begins with the utterance's first sample.
        ends: whether it ends with the last.

    Returns:
        (N,) float32.
    """
    faded: NDArray[np.float32] = np.clip(samples, -1.0, 1.0)
    length = min(round(FADE_S * sample_rate_hz), samples.size // 2)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(length, dtype=np.float32) + 0.5) / max(length, 1))
    if starts:
        faded[:length] *= rise
    if ends:
        faded[faded.size - length :] *= rise[::-1]
    return faded
