"""Initialise a wider network from a narrower one of the same layers, with the same outputs.

The channels that both have keep their weights. The wider network's further channels begin at random, and what
they send to the first ones begins at zero: nothing is lost, and the gradient finds use for them.
"""

from __future__ import annotations

import torch


def grow(narrow: dict[str, torch.Tensor], wide: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Write a narrow network's weights into those of a freshly initialised wider one.

    Args:
        narrow: state dict of a convolutional network.
        wide: state dict with the same names and no smaller shapes.

    Returns:
        the wide network's state dict that computes what the narrow one does.

    Raises:
        ValueError: the names differ, or a tensor of the wide network is smaller.
    """
    if narrow.keys() != wide.keys():
        different = sorted(narrow.keys() ^ wide.keys())
        raise ValueError(
            f"initial weights: expected the same layers in both networks, {len(different)} are in one only "
            f"({different[0]}); change channels only, not the number of layers."
        )
    return {name: _embedded(name, narrow[name], wide[name]) for name in wide}


def _embedded(name: str, narrow: torch.Tensor, wide: torch.Tensor) -> torch.Tensor:
    if narrow.dim() != wide.dim() or any(n > w for n, w in zip(narrow.shape, wide.shape, strict=True)):
        raise ValueError(
            f"initial weights: {name} has shape {tuple(narrow.shape)}, expected at most {tuple(wide.shape)} "
            "as in the network to train; choose an equal or a wider one."
        )
    grown = wide.clone()
    if narrow.dim() > 1:
        grown[: narrow.shape[0], narrow.shape[1] :] = 0  # from further channels to the first ones
    grown[tuple(slice(size) for size in narrow.shape)] = narrow
    return grown
