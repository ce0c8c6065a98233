"""Check the samples of a chunk of a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..contract import SAMPLE_RATE_HZ
from ..errors import AudioError
from .validation import check_samples

FLOAT, PCM16 = "audio", "audio_pcm16"
_FULL_SCALE = np.float32(32768)


def chunk_samples(
    audio: NDArray[Any] | None, pcm16: NDArray[Any] | None, longest: int, *, end: bool
) -> NDArray[np.float32]:
    """Return the samples of a request, from whichever tensor it holds.

    Args:
        audio: (1, N) float32 in [-1, 1], or None.
        pcm16: (1, N) int16, or None.
        longest: samples of a chunk.
        end: whether the stream ends with it; then it may hold none.

    Returns:
        (N,) float32, a copy.

    Raises:
        AudioError: neither or both are given, or the samples break a rule.
    """
    if audio is not None and pcm16 is not None:
        raise AudioError(f"{FLOAT}: expected {FLOAT} or {PCM16}, got both; send one of them.")
    given = pcm16 if audio is None else audio
    if given is None:
        if end:
            return np.zeros(0, np.float32)
        raise AudioError(f"{FLOAT}: expected {FLOAT} or {PCM16}, got neither; send one of them.")
    name = FLOAT if pcm16 is None else PCM16
    if given.ndim != 2 or given.shape[0] != 1:
        raise AudioError(
            f"{name}: expected one stream in a request, shape [1, samples], got {list(given.shape)}; send "
            "each stream's chunks in requests of their own."
        )
    samples = given[0]
    if samples.size > longest:
        raise AudioError(
            f"{name}: expected at most {longest / SAMPLE_RATE_HZ:g} s in a chunk, got "
            f"{samples.size / SAMPLE_RATE_HZ:.1f} s; send it in parts."
        )
    if not samples.size:
        if end:
            return np.zeros(0, np.float32)
        raise AudioError(
            f"{name}: expected samples, got none; only the chunk that ends a stream may be empty."
        )
    if pcm16 is not None:
        scaled: NDArray[np.float32] = samples.astype(np.float32) / _FULL_SCALE
        return scaled
    check_samples(samples, name)
    copied: NDArray[np.float32] = samples.copy()
    return copied
