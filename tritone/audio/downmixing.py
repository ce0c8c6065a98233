"""Downmix channels to mono."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# The average of uncorrelated channels has the sum of their energies, divided by the square of their number.
# A mix with less than this share of that has cancelled out: one channel is the inverse of another.
CANCELLED = 0.1
_WINDOW_FRAMES = 8192
_LOUD_ENOUGH = 0.5  # of the loudest channel's energy, so that equally loud channels do not alternate


def mono(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average the channels of a block; where they cancel out, use a loud channel instead.

    Args:
        block: (N, C) float32. Decided for every 8192 frames.

    Returns:
        (N,) float32.
    """
    if block.shape[1] == 1:
        return np.ascontiguousarray(block[:, 0])
    mixed: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
    for start in range(0, len(block), _WINDOW_FRAMES):
        window = slice(start, start + _WINDOW_FRAMES)
        channels = block[window]
        energies = np.einsum("nc,nc->c", channels, channels)
        left = np.dot(mixed[window], mixed[window]) * block.shape[1] ** 2
        if left < CANCELLED * energies.sum():
            mixed[window] = channels[:, np.argmax(energies >= _LOUD_ENOUGH * energies.max())]
    return mixed
