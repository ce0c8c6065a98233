"""A recogniser's graph against NeMo's network, on features of noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.configs import graph_dims

ROWS = 4
FRAMES_PER_S = 100  # of all published front ends


def comparison(model: str, at_least: float) -> Comparison:
    """Return how a recogniser is timed.

    Args:
        model: Triton model of the network.
        at_least: target: times as fast as NeMo.
    """

    def work(repository: Path, seconds: int) -> Work:
        mels, _ = graph_dims(repository / model / "1/model.onnx")["features"]
        frames = seconds * FRAMES_PER_S
        inputs: dict[str, NDArray[Any]] = {
            "features": np.random.default_rng(0).standard_normal((ROWS, mels, frames), dtype=np.float32),
            "features_length": np.full((ROWS, 1), frames, np.int64),
        }
        return Work(inputs, seconds, f"{seconds} s of audio", unit="seconds of audio")

    outputs = ("log_probs", "log_probs_length")
    return Comparison(model, outputs, (1, ROWS), at_least, sizes=("full",), amount=10, work=work, nemo=nemo)


def nemo(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes log-probabilities of a number of rows."""
    import torch

    features = torch.from_numpy(inputs["features"])
    length = torch.from_numpy(inputs["features_length"][:, 0])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            log_probs, *_ = model(
                processed_signal=features[:batch_size], processed_signal_length=length[:batch_size]
            )
        return int(log_probs.shape[1])

    return run
