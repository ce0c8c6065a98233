"""Speech rate at constant pitch: the mel spectrogram is stretched before vocoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def change_speed(mel: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Resample a mel spectrogram in time, linearly between frames.

    Args:
        mel: (M, T) float32, at least one frame.
        speed: above 0; 2 gives half as many frames.

    Returns:
        (M, max(1, round(T / speed))) float32; `mel` itself at speed 1.
    """
    frames = mel.shape[1]
    if speed == 1.0:
        return mel
    wanted = max(1, round(frames / speed))
    # Frames are intervals: the centre of the first one stays half a frame from the start.
    position = np.clip((np.arange(wanted) + 0.5) * (frames / wanted) - 0.5, 0, frames - 1)
    left = np.minimum(position.astype(np.int64), max(frames - 2, 0))
    right = np.minimum(left + 1, frames - 1)
    weight = (position - left).astype(np.float32)
    stretched: NDArray[np.float32] = mel[:, left] * (1 - weight) + mel[:, right] * weight
    return stretched
