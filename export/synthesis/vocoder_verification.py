"""What graphs of all vocoders are compared with NeMo on: spectrograms alone and in mixed batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from export.onnx_graph import Graph
from export.verification import Array

GARBAGE = 50.0  # padding of the rows in a batch; must have no effect


def worst(distance: Any, measured: Sequence[Array], expected: Sequence[Array]) -> float:
    """The distance of the pair that differs most."""
    return max(distance(ours, theirs) for ours, theirs in zip(measured, expected, strict=True))


def vocoded(graph: Graph, mels: Sequence[Array], noise: Sequence[Array] = ()) -> list[Array]:
    """Run spectrograms as one batch, padded to the longest; one may have no frames.

    Args:
        graph: the vocoder.
        mels: (M, T) each.
        noise: (G, columns) for each, if the vocoder starts from noise.
    """
    inputs = {"mel": padded(mels), "mel_length": np.array([[mel.shape[1]] for mel in mels], dtype=np.int64)}
    output = graph(**inputs, **({"z": padded(noise)} if noise else {}))
    audio, samples = output["audio"], output["audio_length"]
    if any(np.abs(row[size[0] :]).max(initial=0.0) > 0 for row, size in zip(audio, samples, strict=True)):
        audio = np.full_like(audio, np.nan)  # after the end there must be silence
    return [row[: size[0]] for row, size in zip(audio, samples, strict=True)]


def padded(rows: Sequence[Array]) -> Array:
    """Matrices of equal height as one batch, (B, rows, longest), with garbage after each."""
    longest = max(1, *(row.shape[1] for row in rows))
    batch = np.full((len(rows), rows[0].shape[0], longest), GARBAGE, dtype=np.float32)
    for target, row in zip(batch, rows, strict=True):
        target[:, : row.shape[1]] = row
    return batch


def probe_mel(mels: int, frames: int) -> Array:
    """A spectrogram with the level of speech that changes from frame to frame: (M, T) float32."""
    generator = np.random.default_rng(frames)
    level = -5.0 + 2.0 * np.sin(np.arange(frames) / 3.0)
    return (level + generator.standard_normal((mels, frames))).astype(np.float32)
