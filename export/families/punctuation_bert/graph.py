"""The punctuation network as a graph: encoder and both heads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.onnx_graph import write_graph


class PunctuationNetwork(nn.Module):
    """Token ids to logits of punctuation and capitals."""

    def __init__(self, model: Any):
        """Take encoder and heads of a NeMo PunctuationCapitalizationModel."""
        super().__init__()
        self.encoder = model.bert_model
        self.punctuation = model.punct_classifier.mlp
        self.capitals = model.capit_classifier.mlp

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Compute logits.

        Args:
            input_ids: (B, L) int64.
            attention_mask: (B, L) int64, one for tokens, zero for padding; a row may be all padding.

        Returns:
            punct_logits (B, L, P) and capit_logits (B, L, C), float32.
        """
        # BERT needs segment ids, DistilBERT accepts and ignores them.
        hidden = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=torch.zeros_like(input_ids)
        )
        return self.punctuation(hidden), self.capitals(hidden)


def write_punctuation(module: PunctuationNetwork, classes: tuple[int, int], path: Path) -> None:
    """Write the network as an ONNX graph.

    Args:
        module: the network.
        classes: number of punctuation and of capitalisation labels.
        path: file to write.
    """
    ids = torch.ones(2, 12, dtype=torch.int64)
    mask = ids.clone()
    mask[1, 7:] = 0
    write_graph(
        module,
        (ids, mask),
        path,
        inputs={"input_ids": ("B", "L"), "attention_mask": ("B", "L")},
        outputs={"punct_logits": ("B", "L", classes[0]), "capit_logits": ("B", "L", classes[1])},
    )
