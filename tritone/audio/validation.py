"""Validation of samples from callers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..contract import MAX_PEAK, MIN_AUDIO_S, SAMPLE_RATE_HZ
from ..errors import AudioError


def check_duration(samples: int, sample_rate_hz: int, max_audio_s: float, name: str = "audio") -> None:
    """Raise AudioError if a recording of so many `samples` is too short or too long."""
    if samples == 0:
        raise AudioError(f"{name}: expected samples, got none (length 0); send a recording that holds audio.")
    minimum = round(MIN_AUDIO_S * sample_rate_hz)
    if samples < minimum:
        raise AudioError(
            f"{name}: expected at least {minimum} samples ({MIN_AUDIO_S} s at {sample_rate_hz} Hz), "
            f"got {samples}; send a longer recording."
        )
    check_longest(samples, sample_rate_hz, max_audio_s, name)


def check_longest(samples: int, sample_rate_hz: int, max_audio_s: float, name: str = "audio") -> None:
    """Raise AudioError for a recording of more than `max_audio_s`."""
    if samples > max_audio_s * sample_rate_hz:
        raise AudioError(
            f"{name}: expected at most {max_audio_s:g} s, got {samples / sample_rate_hz:.1f} s; "
            "split the recording and send the parts."
        )


def check_samples(samples: NDArray[np.float32], name: str = "audio") -> None:
    """Raise AudioError unless every sample is finite and near [-1, 1].

    Args:
        samples: (N,) float32, at least one.
        name: of the tensor, for the error.
    """
    # Minimum and maximum need no copy of the samples, and propagate NaN and infinity.
    peak = float(np.maximum(samples.max(), -samples.min()))
    if not np.isfinite(peak):
        broken = np.flatnonzero(~np.isfinite(samples))
        raise AudioError(
            f"{name}: expected finite samples, got NaN or infinity in {broken.size} of {samples.size} "
            f"(first at sample {broken[0]}); repair the recording."
        )
    if peak > MAX_PEAK:
        raise AudioError(
            f"{name}: expected samples in [-1, 1], got a peak of {peak:g}; "
            "divide integer samples by full scale (32768 for int16) first."
        )


def valid_part(row: NDArray[np.float32], length: int, longest: int | None = None) -> NDArray[np.float32]:
    """Cut one row of `audio` to its `audio_length`.

    Args:
        row: (N,) float32, zero-padded after `length`.
        length: valid samples.
        longest: limit on the samples of a row; None: no limit.

    Raises:
        AudioError: `length` is out of range, or the row is longer than `longest`.
    """
    if longest is not None and row.size > longest:
        raise AudioError(f"audio: expected at most {longest} samples, got {row.size}; send shorter parts.")
    if not 0 <= length <= row.size:
        raise AudioError(
            f"audio_length: expected 1 to {row.size} (the samples sent in audio), got {length}; "
            "send the number of valid samples."
        )
    return row[:length]


def valid_samples(row: NDArray[np.float32], length: int, max_audio_s: float) -> NDArray[np.float32]:
    """Cut one row of `audio` to its `audio_length` and check it.

    Args:
        row: (N,) float32, 16 kHz mono in [-1, 1], zero-padded after `length`.
        length: valid samples.
        max_audio_s: longest recording accepted, seconds.

    Returns:
        (length,) float32 view of `row`.

    Raises:
        AudioError: length outside 0..N, too short, too long, not finite, or not in [-1, 1].
    """
    samples = valid_part(row, length)
    check_duration(length, SAMPLE_RATE_HZ, max_audio_s)
    check_samples(samples)
    return samples
