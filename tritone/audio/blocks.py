"""Blocks of decoded samples, with all channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import AudioError

BLOCK_FRAMES = 1 << 16
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 768_000
MOST_CHANNELS = 32


@dataclass(frozen=True)
class Block:
    """Consecutive samples."""

    sample_rate_hz: int
    samples: NDArray[np.float32]  # (N, C), in [-1, 1]
    frames_to_come: int = 0  # remaining in the same recording, according to its header


def check_format(sample_rate_hz: int, channels: int) -> None:
    """Raise AudioError unless sample rate and channel count are in range."""
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"audio_bytes: expected a sample rate of {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz, got "
            f"{sample_rate_hz} Hz; resample the recording, or correct its header."
        )
    if not 1 <= channels <= MOST_CHANNELS:
        raise AudioError(
            f"audio_bytes: expected 1 to {MOST_CHANNELS} channels, got {channels}; mix the recording down."
        )
