"""Acoustic models on features: NeMo's, and the graphs made of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from export.onnx_graph import Graph
from export.verification import max_abs, relative_l2


def normalised(outputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return what the acoustic model takes of the outputs of `asr_features`."""
    return {name: outputs[name] for name in ("features", "features_length")}


def features(mels: int, frames: int, seed: int = 0) -> np.ndarray:
    """Noise as features, (M, T) float32."""
    return np.random.default_rng(seed + frames).standard_normal((mels, frames)).astype(np.float32)


def nemo(model, clip: np.ndarray) -> np.ndarray:
    """NeMo's log-probabilities of one clip, (T', V)."""
    with torch.no_grad():
        length = torch.tensor([clip.shape[1]])
        log_probs, frames, _ = model(
            processed_signal=torch.from_numpy(clip)[None], processed_signal_length=length
        )
    return log_probs[0, : int(frames)].numpy()


def compute(graph: Graph, clips: list[np.ndarray], padding: float = 0.0) -> list[np.ndarray]:
    """The graph's log-probabilities of clips as one batch, padded with `padding`."""
    longest = max(clip.shape[1] for clip in clips)
    batch = np.full((len(clips), clips[0].shape[0], longest), padding, np.float32)
    for row, clip in zip(batch, clips, strict=True):
        row[:, : clip.shape[1]] = clip
    length = np.array([[clip.shape[1]] for clip in clips])
    output = graph(features=batch, features_length=length)
    frames = output["log_probs_length"][:, 0]
    return [output["log_probs"][row, : frames[row]] for row in range(len(clips))]


def assert_graph_equals_nemo(pair, mels: int, frames: int) -> None:
    model, graph = pair
    expected = nemo(model, features(mels, frames))
    (measured,) = compute(graph, [features(mels, frames)])
    assert relative_l2(measured, expected) <= 1e-5
    assert max_abs(measured, expected) <= 1e-3


def assert_mixed_batch_equals_nemo(pair, mels: int, padding: float) -> None:
    model, graph = pair
    clips = [features(mels, frames, seed=7) for frames in (512, 300, 1, 2, 64, 511)]
    for clip, measured in zip(clips, compute(graph, clips, padding), strict=True):
        assert max_abs(measured, nemo(model, clip)) <= 1e-3


def assert_empty_row_disturbs_no_neighbour(pair, mels: int) -> None:
    model, graph = pair
    clip = features(mels, 100)
    empty, measured = compute(graph, [np.zeros((mels, 0), np.float32), clip])
    assert empty.shape[0] == 0
    assert max_abs(measured, nemo(model, clip)) <= 1e-3
