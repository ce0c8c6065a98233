"""The layers of NeMo's QuartzNet by the names of their tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from nemo.collections.asr.parts.submodules.jasper import JasperBlock, MaskedConv1d


@dataclass(frozen=True)
class Layer:
    """A pointwise convolution, the depthwise ones before it, and the normalisation after it."""

    pointwise: str  # name of its weight
    normalisation: str = ""  # name of the module
    depthwise: tuple[str, ...] = ()  # names of their weights


def layers(block: JasperBlock, name: str) -> Iterator[Layer]:
    """Yield the layers of a block's main path in order; `name` is the block's."""
    depthwise: list[str] = []
    pointwise = ""
    for i, module in enumerate(block.mconv):
        place = f"{name}.mconv.{i}"
        if isinstance(module, MaskedConv1d) and module.conv.groups > 1:
            depthwise.append(f"{place}.conv.weight")
        elif isinstance(module, MaskedConv1d):
            pointwise = f"{place}.conv.weight"
        elif isinstance(module, torch.nn.BatchNorm1d):
            yield Layer(pointwise, place, tuple(depthwise))
            depthwise = []


def residual(block: JasperBlock, name: str) -> list[Layer]:
    """Return the layer of a block's residual path, if it has one."""
    return [] if block.res is None else [Layer(f"{name}.res.0.0.conv.weight", f"{name}.res.0.1")]
