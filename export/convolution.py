"""Masked 1-D convolutions, the main layer of many speech networks, independent of padding."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass
class Timeline:
    """The time axis at one resolution: how many frames of each row are real."""

    length: Tensor  #: (B, 1) int64, frames
    mask: Tensor | None = None  #: (B, 1, 1, T) float32, one where real; computed on first use

    def masked(self, x: Tensor) -> Tensor:
        """Zero everything after the rows' ends."""
        if self.mask is None:
            frames = torch.arange(x.shape[3]).unsqueeze(0)
            self.mask = (frames < self.length).to(x.dtype)[:, None, None, :]
        return x * self.mask


class Convolution(nn.Module):
    """A masked 1-D convolution with its batch normalisation folded in.

    It is written as a 2-D convolution of height one, the only form for which ONNX Runtime has fast blocked
    kernels. Kernels of one frame mix nothing over time, so they need no mask.
    """

    def __init__(self, conv: nn.Conv1d, padding: tuple[int, int]):
        super().__init__()
        self.kernel, self.stride, self.dilation = conv.kernel_size[0], conv.stride[0], conv.dilation[0]
        self.padding = padding
        symmetric = padding[0] == padding[1]
        self.conv = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            kernel_size=(1, self.kernel),
            stride=(1, self.stride),
            padding=(0, padding[0] if symmetric else 0),
            dilation=(1, self.dilation),
            groups=conv.groups,
        )
        self.unequal_padding = None if symmetric else padding
        self.conv.weight.data = conv.weight.data.unsqueeze(2).clone()
        self.conv.bias.data = bias_of(conv)

    def fold(self, norm: nn.BatchNorm1d) -> None:
        """Merge the normalisation that follows into weight and bias (in float64)."""
        scale = 1.0 / (norm.running_var.double() + norm.eps).sqrt()
        if norm.affine:
            scale = scale * norm.weight.double()
        weight = self.conv.weight.double() * scale[:, None, None, None]
        bias = (self.conv.bias.double() - norm.running_mean.double()) * scale
        if norm.affine:
            bias = bias + norm.bias.double()
        self.conv.weight.data, self.conv.bias.data = weight.float(), bias.float()

    def forward(self, x: Tensor, timeline: Timeline) -> tuple[Tensor, Timeline]:
        """(B, C, 1, T) to (B, C', 1, T'), with the resulting time axis."""
        if self.kernel > 1:
            x = timeline.masked(x)
        if self.unequal_padding:
            x = nn.functional.pad(x, self.unequal_padding)
        return self.conv(x), self.advanced(timeline)

    def advanced(self, timeline: Timeline) -> Timeline:
        """The time axis after this convolution; the same object where nothing changes."""
        reach = self.dilation * (self.kernel - 1)
        if self.stride == 1 and sum(self.padding) == reach:
            return timeline
        span = timeline.length + sum(self.padding) - reach - 1
        frames = torch.div(span, self.stride, rounding_mode="floor") + 1
        # A row without frames keeps none; NeMo's formula would yield one frame.
        return Timeline(torch.where(timeline.length > 0, frames.clamp(min=0), 0))


def bias_of(layer: nn.Module) -> Tensor:
    """A copy of the bias of a convolution or linear layer, zeros where it has none."""
    if layer.bias is None:
        return torch.zeros(layer.weight.shape[0])
    return layer.bias.data.clone()


def flat(conv: nn.Conv1d, outputs: slice = slice(None)) -> nn.Conv2d:
    """Some outputs of a 1-D convolution as a 2-D convolution of height one."""
    weight = conv.weight.detach()[outputs].unsqueeze(2).clone()
    padding, dilation = (0, int(conv.padding[0])), (1, conv.dilation[0])
    made = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2:], padding=padding, dilation=dilation)
    made.weight.data = weight
    made.bias.data = conv.bias.detach()[outputs].clone()
    return made
