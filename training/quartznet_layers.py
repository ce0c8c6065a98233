"""The layers of NeMo's QuartzNet by the names of their tensors."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from nemo.collections.asr.parts.submodules.jasper import JasperBlock, MaskedConv1d


class Layer:
    """A convolution, depthwise ones before it, and the normalisation after it, by their names in the state."""

    def __init__(self) -> None:
        self.depthwise: list[str] = []
        self.pointwise = ""
        self.normalisation = ""


def layers(block: JasperBlock, name: str) -> Iterator[Layer]:
    """Yield the layers of a block's main path in order."""
    layer = Layer()
    for i, module in enumerate(block.mconv):
        place = f"{name}.mconv.{i}"
        if isinstance(module, MaskedConv1d):
            if module.conv.groups > 1:
                layer.depthwise.append(f"{place}.conv.weight")
            else:
                layer.pointwise = f"{place}.conv.weight"
        elif isinstance(module, torch.nn.BatchNorm1d):
            layer.normalisation = place
            yield layer
            layer = Layer()


def residual(block: JasperBlock, name: str) -> Layer | None:
    """Return the layer of a block's residual path."""
    if block.res is None:
        return None
    layer = Layer()
    layer.pointwise, layer.normalisation = f"{name}.res.0.0.conv.weight", f"{name}.res.0.1"
    return layer
