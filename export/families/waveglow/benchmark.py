"""The graph against NeMo's network, on a spectrogram of noise; its content does not affect the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.families.waveglow import MODEL
from export.families.waveglow.settings import flow
from export.synthesis.voice import installed_voice
from tritone.synthesis.voice import Voice

LOG_MEL = -5.0  # about the mean of speech


def work(voice: Voice, frames: int) -> Work:
    """Return a spectrogram of noise, and the vocoder's noise."""
    generator, latent = np.random.default_rng(0), (1, flow(voice).groups, voice.latent_columns(frames))
    inputs: dict[str, NDArray[Any]] = {
        "mel": generator.normal(LOG_MEL, 1, (1, voice.mels, frames)).astype(np.float32),
        "mel_length": np.full((1, 1), frames, np.int64),
        "z": generator.standard_normal(latent, dtype=np.float32),
    }
    return Work(inputs, frames, f"{frames} frames")


def nemo(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes audio of a number of rows."""
    import torch

    mel = torch.from_numpy(inputs["mel"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            model.convert_spectrogram_to_audio(spec=mel[:batch_size], sigma=1.0, denoise=False)
        return int(mel.shape[2])

    return run


COMPARISON = Comparison(
    MODEL,
    ("audio", "audio_length"),
    (1,),
    at_least=1.3,
    sizes=("demo", "full"),
    amount=100,
    work=lambda repository, frames: work(installed_voice(repository), frames),
    nemo=nemo,
)
