"""The graph against NeMo's network, on a spectrogram of noise; its content does not affect the time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.configs import graph_dims
from export.families.hifigan import MODEL

LOG_MEL = -5.0  # about the mean of speech


def work(repository: Path, frames: int) -> Work:
    """Return a spectrogram of noise."""
    mels, _ = graph_dims(repository / MODEL / "1/model.onnx")["mel"]
    inputs: dict[str, NDArray[Any]] = {
        "mel": np.random.default_rng(0).normal(LOG_MEL, 1, (1, mels, frames)).astype(np.float32),
        "mel_length": np.full((1, 1), frames, np.int64),
    }
    return Work(inputs, frames, f"{frames} frames")


def nemo(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes audio of a number of rows."""
    import torch

    mel = torch.from_numpy(inputs["mel"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            model.convert_spectrogram_to_audio(spec=mel[:batch_size])
        return int(mel.shape[2])

    return run


COMPARISON = Comparison(
    MODEL,
    ("audio", "audio_length"),
    (1,),
    at_least=1.0,
    sizes=("full",),
    amount=100,
    work=work,
    nemo=nemo,
)
