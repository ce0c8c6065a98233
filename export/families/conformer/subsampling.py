"""The convolutions in front of a Conformer (NeMo's ConvSubsampling), independent of padding."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from export.errors import UnsupportedCheckpointError

KINDS = ("striding", "dw_striding")


class Subsampling(nn.Module):
    """Convolutions of stride 2 over time and mel bands, then a projection to the model's width.

    A clip alone comes out as in NeMo. In a batch, NeMo 2.4.1 lets what stands after a row's end into its last
    frames; here every strided convolution sees zeros there.
    """

    def __init__(self, module: Any):
        """Take over a NeMo ConvSubsampling.

        Raises:
            UnsupportedCheckpointError: another kind of subsampling, or a causal one.
        """
        super().__init__()
        kind = getattr(module, "_subsampling", type(module).__name__)
        if kind not in KINDS:
            raise UnsupportedCheckpointError(
                f"encoder.subsampling: expected {' or '.join(KINDS)}, got {kind}; no exporter reproduces it."
            )
        if module.is_causal:
            raise UnsupportedCheckpointError(
                "encoder.causal_downsampling: expected false, got true; cache-aware streaming models have no "
                "exporter."
            )
        self.layers = nn.ModuleList(module.conv)
        self.out = module.out

    def forward(self, features: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Shorten the time axis.

        Args:
            features: (B, M, T) float32.
            length: (B, 1) int64, frames.

        Returns:
            (B, T', D) and its length (B, 1), 0 where it was 0.
        """
        x = features.transpose(1, 2).unsqueeze(1)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d) and layer.stride[0] > 1:
                valid = torch.arange(x.shape[2]).unsqueeze(0) < length
                # Selected rather than multiplied, so that not even NaN in the padding gets in.
                x = torch.where(valid[:, None, :, None], x, 0.0)
                kernel, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
                shorter = torch.div(length + 2 * padding - kernel, stride, rounding_mode="floor") + 1
                length = torch.where(length > 0, shorter.clamp(min=0), 0)
            x = layer(x)
        # (B, C, T', M') to (B, T', C * M')
        return self.out(x.transpose(1, 2).flatten(2)), length
