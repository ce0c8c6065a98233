"""The WaveGlow graph and the denoiser against NeMo: every spectrogram alone, then all in one batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.families.waveglow.reference import nemo_audio
from export.onnx_graph import Graph
from export.synthesis.vocoder_verification import probe_mel, vocoded, worst
from export.verification import Array, Check, max_abs, relative_l2
from tritone.synthesis.denoising import Denoiser

FRAMES = (1, 2, 3, 9, 24)
STRENGTHS = (0.01, 0.1, 1.0)


def verify_waveglow(model: Any, graph: Graph, denoiser: Path) -> list[Check]:
    """Compare audio and denoising.

    Args:
        model: the NeMo WaveGlowModel, in eval mode.
        graph: exported.
        denoiser: folder with denoiser.json and bias.npy.
    """
    module = model.waveglow
    mels = [probe_mel(module.n_mel_channels, frames) for frames in FRAMES]
    columns = module.upsample.stride[0] // module.n_group
    noise = [probe_noise(module.n_group, frames * columns, float(model.sigma)) for frames in FRAMES]
    theirs = [nemo_audio(model, *pair) for pair in zip(mels, noise, strict=True)]
    alone = [vocoded(graph, [mel], [z])[0] for mel, z in zip(mels, noise, strict=True)]
    batch = vocoded(graph, [*mels, mels[0][:, :0]], [*noise, noise[0][:, :0]])[:-1]
    loudest = max(float(np.abs(clip).max()) for clip in theirs)
    return [
        Check(f"audio, {len(FRAMES)} spectrograms", "relative L2", worst(relative_l2, alone, theirs), 1e-3),
        Check("audio, mixed batch against alone", "max abs", worst(max_abs, batch, alone), 1e-4 * loudest),
        Check("denoised audio", "relative L2", denoiser_error(model, denoiser, theirs[-1]), 1e-4),
    ]


def denoiser_error(model: Any, folder: Path, audio: Array) -> float:
    """The server's denoiser against NeMo's, at the strength where they differ most."""
    denoiser = Denoiser.load(folder / "denoiser.json", folder / "bias.npy")
    errors = []
    for strength in STRENGTHS:
        with torch.no_grad():
            expected = model.denoise(audio=torch.from_numpy(audio)[None], strength=strength)
        errors.append(relative_l2(denoiser.denoise(audio, strength), expected[0].numpy()))
    return max(errors)


def probe_noise(rows: int, columns: int, sigma: float) -> Array:
    """Noise for a vocoder: (G, columns) float32."""
    draws = np.random.default_rng(columns).standard_normal((rows, columns))
    return (draws * sigma).astype(np.float32)
