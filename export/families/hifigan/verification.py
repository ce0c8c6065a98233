"""The HiFi-GAN graph against NeMo: every spectrogram alone, then all in one batch, and in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from export.onnx_graph import Graph
from export.synthesis.vocoder_verification import probe_mel, vocoded, worst
from export.verification import Array, Check, max_abs, relative_l2

FRAMES = (1, 2, 3, 9, 24, 96)
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
