"""The graph of an acoustic model, with the tensors that all recognisers have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from export.graph_file import LARGEST_BYTES
from export.onnx_graph import write_graph


def write_acoustic_model(module: Any, path: Path, largest: int = LARGEST_BYTES) -> None:
    """Write an acoustic model as an ONNX graph.

    Args:
        module: takes features (B, M, T) and features_length (B, 1), returns log_probs (B, T', V) and
            log_probs_length (B, 1); `mels` is M and `classes` V.
        path: file to write.
        largest: bytes of weights that the graph's file may hold; larger ones go into a data file beside it.
    """
    example = (torch.randn(2, module.mels, 128), torch.tensor([[128], [100]]))
    write_graph(
        module,
        example,
        path,
        inputs={"features": ("B", module.mels, "T"), "features_length": ("B", 1)},
        outputs={"log_probs": ("B", "frames", module.classes), "log_probs_length": ("B", 1)},
        largest=largest,
    )
