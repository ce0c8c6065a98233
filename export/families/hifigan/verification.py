"""The HiFi-GAN graph against NeMo: every spectrogram alone, then all in one batch, and in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from export.onnx_graph import Graph
from export.verification import Array, Check, max_abs, relative_l2

FRAMES = (1, 2, 3, 9, 24, 96)
GARBAGE = 50.0  # padding of the rows in a batch; must have no effect
CHUNK = slice(40, 56)


@dataclass(frozen=True)
class Original:
    """Audio by NeMo's HifiGanModel, whose weight norm the export removes."""

    mels: Sequence[Array]  #: (M, T) float32 each
    audio: Sequence[Array]  #: (T * hop,) float32 each

    @classmethod
    @torch.no_grad()
    def of(cls, model: Any) -> Original:
        """Compute it."""
        mels = [probe_mel(int(model.generator.conv_pre.in_channels), frames) for frames in FRAMES]
        audio = [model.convert_spectrogram_to_audio(spec=torch.from_numpy(mel)[None]) for mel in mels]
        return cls(mels, [samples[0].numpy() for samples in audio])


def verify_hifigan(original: Original, graph: Graph, context_frames: int) -> list[Check]:
    """Compare audio.

    Args:
        original: by NeMo.
        graph: exported.
        context_frames: around a chunk, for which its samples should be those of the whole.
    """
    mels = original.mels
    alone = [vocoded(graph, [mel])[0] for mel in mels]
    batch = vocoded(graph, [*mels, mels[0][:, :0]])[:-1]
    checks = [
        Check(
            f"audio, {len(mels)} spectrograms", "relative L2", worst(relative_l2, alone, original.audio), 1e-3
        ),
        Check("audio, mixed batch against alone", "max abs", worst(max_abs, batch, alone), 1e-4),
    ]
    if context_frames > CHUNK.start:  # more than the spectrogram has before it
        return checks
    hop = alone[0].size
    context = slice(CHUNK.start - context_frames, CHUNK.stop + context_frames)
    ((chunk),) = vocoded(graph, [mels[-1][:, context]])
    inner = chunk[context_frames * hop : -context_frames * hop]
    whole = alone[-1][CHUNK.start * hop : CHUNK.stop * hop]
    subject = f"audio, chunk with {context_frames} frames around it"
    return [*checks, Check(subject, "max abs", max_abs(inner, whole), 1e-4)]


def worst(distance: Any, measured: Sequence[Array], expected: Sequence[Array]) -> float:
    """The distance of the pair that differs most."""
    return max(distance(ours, theirs) for ours, theirs in zip(measured, expected, strict=True))


def vocoded(graph: Graph, mels: Sequence[Array]) -> list[Array]:
    """Run spectrograms as one batch, padded to the longest; one may have no frames."""
    longest = max(mel.shape[1] for mel in mels)
    batch = np.full((len(mels), mels[0].shape[0], longest), GARBAGE, dtype=np.float32)
    for row, mel in zip(batch, mels, strict=True):
        row[:, : mel.shape[1]] = mel
    output = graph(mel=batch, mel_length=np.array([[mel.shape[1]] for mel in mels], dtype=np.int64))
    audio, samples = output["audio"], output["audio_length"]
    if any(np.abs(row[size[0] :]).max(initial=0.0) > 0 for row, size in zip(audio, samples, strict=True)):
        audio = np.full_like(audio, np.nan)  # after the end there must be silence
    return [row[: size[0]] for row, size in zip(audio, samples, strict=True)]


def probe_mel(mels: int, frames: int) -> Array:
    """A spectrogram with the level of speech that changes from frame to frame: (M, T) float32."""
    generator = np.random.default_rng(frames)
    level = -5.0 + 2.0 * np.sin(np.arange(frames) / 3.0)
    return (level + generator.standard_normal((mels, frames))).astype(np.float32)
