"""NeMo's own WaveGlow with given noise, item by item: what the graph is compared with."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from export.verification import Array


@torch.no_grad()
def nemo_audio(model: Any, mel: Array, z: Array) -> Array:
    """What a NeMo WaveGlowModel makes of one spectrogram: (M, T) and (G, T*hop/G) to (T*hop,)."""
    audio = model.waveglow(spec=torch.from_numpy(mel)[None], z=torch.from_numpy(z)[None])
    return np.asarray(audio[0].numpy())
