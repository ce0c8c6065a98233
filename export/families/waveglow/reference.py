"""NeMo's own WaveGlow with given noise, item by item: the graph's reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from export.verification import Array


@torch.no_grad()
def nemo_audio(model: Any, mel: Array, z: Array) -> Array:
    """The output of a NeMo WaveGlowModel for one spectrogram: (M, T) and (G, T*hop/G) to (T*hop,)."""
    audio = model.waveglow(spec=torch.from_numpy(mel)[None], z=torch.from_numpy(z)[None])
    return np.asarray(audio[0].numpy())
