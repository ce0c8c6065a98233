"""The WaveGlow graph and the denoiser against NeMo: every spectrogram alone, then all in one batch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from export.families.waveglow.reference import nemo_audio
from export.onnx_graph import Graph
from export.verification import Array, Check, max_abs, relative_l2
from tritone.synthesis.denoising import Denoiser

FRAMES = (1, 2, 3, 9, 24)
GARBAGE = 50.0  # padding of the rows in a batch; must have no effect
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


def worst(distance: Any, measured: Sequence[Array], expected: Sequence[Array]) -> float:
    """The distance of the pair that differs most."""
    return max(distance(ours, theirs) for ours, theirs in zip(measured, expected, strict=True))


def vocoded(graph: Graph, mels: Sequence[Array], noise: Sequence[Array]) -> list[Array]:
    """Run spectrograms as one batch, padded to the longest; one may have no frames."""
    longest = max(1, *(mel.shape[1] for mel in mels))
    columns = max(1, *(z.shape[1] for z in noise))
    mel = np.full((len(mels), mels[0].shape[0], longest), GARBAGE, dtype=np.float32)
    z = np.full((len(mels), noise[0].shape[0], columns), GARBAGE, dtype=np.float32)
    for row, (frames, latent) in enumerate(zip(mels, noise, strict=True)):
        mel[row, :, : frames.shape[1]] = frames
        z[row, :, : latent.shape[1]] = latent
    length = np.array([[frames.shape[1]] for frames in mels], dtype=np.int64)
    output = graph(mel=mel, mel_length=length, z=z)
    audio, samples = output["audio"], output["audio_length"]
    if any(np.abs(row[size[0] :]).max(initial=0.0) > 0 for row, size in zip(audio, samples, strict=True)):
        audio = np.full_like(audio, np.nan)  # after the end there must be silence
    return [row[: size[0]] for row, size in zip(audio, samples, strict=True)]


def denoiser_error(model: Any, folder: Path, audio: Array) -> float:
    """The server's denoiser against NeMo's, at the strength where they differ most."""
    denoiser = Denoiser.load(folder / "denoiser.json", folder / "bias.npy")
    errors = []
    for strength in STRENGTHS:
        with torch.no_grad():
            expected = model.denoise(audio=torch.from_numpy(audio)[None], strength=strength)
        errors.append(relative_l2(denoiser.denoise(audio, strength), expected[0].numpy()))
    return max(errors)


def probe_mel(mels: int, frames: int) -> Array:
    """A spectrogram with the level of speech that changes from frame to frame: (M, T) float32."""
    generator = np.random.default_rng(frames)
    level = -5.0 + 2.0 * np.sin(np.arange(frames) / 3.0)
    return (level + generator.standard_normal((mels, frames))).astype(np.float32)


def probe_noise(rows: int, columns: int, sigma: float) -> Array:
    """Noise for a vocoder: (G, columns) float32."""
    draws = np.random.default_rng(columns).standard_normal((rows, columns))
    return (draws * sigma).astype(np.float32)
