"""What the benchmarks of voices share: the spectrograms of vocoders, and NeMo's side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

LOG_MEL = -5.0  # about the mean of speech


def mel_of_noise(mels: int, frames: int) -> dict[str, NDArray[Any]]:
    """Return the inputs mel (1, M, T) and mel_length (1, 1); the content does not affect the time."""
    return {
        "mel": np.random.default_rng(0).normal(LOG_MEL, 1, (1, mels, frames)).astype(np.float32),
        "mel_length": np.full((1, 1), frames, np.int64),
    }


def nemo_spectrograms(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes spectrograms of a number of rows."""
    import torch

    symbols = torch.from_numpy(inputs["symbols"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            mel = model.generate_spectrogram(tokens=symbols[:batch_size])
        return int(mel.shape[2])

    return run


def nemo_audio(model: Any, inputs: dict[str, Any], **options: Any) -> Callable[[int], int]:
    """Return a function that computes audio of a number of rows.

    Args:
        model: a NeMo vocoder.
        inputs: with mel.
        options: of its convert_spectrogram_to_audio().
    """
    import torch

    mel = torch.from_numpy(inputs["mel"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            model.convert_spectrogram_to_audio(spec=mel[:batch_size], **options)
        return int(mel.shape[2])

    return run
