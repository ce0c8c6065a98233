"""Random weights that are like trained ones where NeMo starts with zeros and ones."""

from __future__ import annotations

from typing import Any


def give_statistics(model: Any) -> None:
    """Give the batch normalisations statistics as after training, so that mistakes with them show."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
            torch.nn.init.uniform_(module.running_var, 0.5, 1.5)
            torch.nn.init.uniform_(module.weight, 0.8, 1.2)
            torch.nn.init.normal_(module.bias, std=0.1)
