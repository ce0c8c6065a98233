"""The graph against NeMo's network, on a spectrogram of noise; its content does not affect the time."""

from __future__ import annotations

from functools import partial

import numpy as np

from export.comparison import Comparison, Work
from export.families.waveglow import MODEL
from export.synthesis.benchmark import mel_of_noise, nemo_audio
from export.synthesis.halves import half_of
from export.synthesis.voice import installed_voice
from tritone.synthesis.voice import Flow, Voice


def work(voice: Voice, frames: int) -> Work:
    """Return a spectrogram of noise, and the vocoder's noise."""
    latent = (1, half_of(voice, Flow).groups, voice.latent_columns(frames))
    z = np.random.default_rng(1).standard_normal(latent, dtype=np.float32)
    return Work({**mel_of_noise(voice.mels, frames), "z": z}, frames, f"{frames} frames")


COMPARISON = Comparison(
    MODEL,
    ("audio", "audio_length"),
    (1,),
    at_least=1.3,
    sizes=("demo", "full"),
    amount=100,
    work=lambda repository, frames: work(installed_voice(repository), frames),
    nemo=partial(nemo_audio, sigma=1.0, denoise=False),
)
