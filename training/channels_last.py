"""Faster 1-D convolutions on CPUs: the same weights, computed as 2-D with the channels innermost.

PyTorch's kernels for depthwise and pointwise convolutions and for batch normalisation are several times
faster on CPUs in this form. Parameters and state dict stay those of the NeMo model.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from training.depthwise import DepthwiseConvolution, is_fast


class ChannelsLastConv1d(nn.Conv1d):
    """A Conv1d that keeps (B, C, T) activations with C innermost in memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve (B, C, T)."""
        flat = x.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        if self.training and flat.device.type == "cpu" and is_fast(self):
            return DepthwiseConvolution.apply(flat, self.weight.unsqueeze(2)).squeeze(2)
        return functional.conv2d(
            flat,
            self.weight.unsqueeze(2),
            self.bias,
            stride=(1, self.stride[0]),
            padding=(0, int(self.padding[0])),
            dilation=(1, self.dilation[0]),
            groups=self.groups,
        ).squeeze(2)


class ChannelsLastBatchNorm1d(nn.BatchNorm1d):
    """A BatchNorm1d that keeps (B, C, T) activations with C innermost in memory."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Normalise (B, C, T) over B and T."""
        return super().forward(x.unsqueeze(2)).squeeze(2)

    def _check_input_dim(self, input: torch.Tensor) -> None:
        if input.dim() != 4:
            raise ValueError(f"batch normalisation: expected (B, C, T), got {input.dim() - 1} dimensions.")


_FASTER = {nn.Conv1d: ChannelsLastConv1d, nn.BatchNorm1d: ChannelsLastBatchNorm1d}


def use_channels_last(model: nn.Module) -> None:
    """Switch all the 1-D convolutions and batch normalisations of a model, in place."""
    for module in model.modules():
        module.__class__ = _FASTER.get(type(module), module.__class__)
        if isinstance(module, nn.ReLU):
            module.inplace = False  # in place on a view, its gradient is copied several times


def use_channels_first(model: nn.Module) -> None:
    """Undo `use_channels_last`."""
    plain = {fast: slow for slow, fast in _FASTER.items()}
    for module in model.modules():
        module.__class__ = plain.get(type(module), module.__class__)
