"""Depthwise convolutions whose weights' gradient is fast on a CPU.

PyTorch's own kernel for that gradient takes as long as all the rest of a separable layer. Here it is a sum of
products per tap, which torch.compile turns into one loop; without a C++ compiler, PyTorch's own is used.
"""

from __future__ import annotations

import shutil
from functools import cache
from typing import Any

import torch
from torch.nn import functional


def weight_gradient(x: torch.Tensor, gradient: torch.Tensor, taps: int) -> torch.Tensor:
    """Sum, for every channel and tap, the products of input and output gradient.

    Args:
        x: input, (B, T, C).
        gradient: loss gradient of the output, (B, T, C), of a convolution with stride 1 and `taps // 2` zeros
            of padding at either end.
        taps: the kernel's size, odd.

    Returns:
        (C, taps) float32.
    """
    frames = gradient.shape[1]
    padded = functional.pad(x.float(), (0, 0, taps // 2, taps // 2))
    gradient = gradient.float()
    return torch.stack(
        [(padded[:, tap : tap + frames] * gradient).sum((0, 1)) for tap in range(taps)], dim=-1
    )


compiled_weight_gradient = torch.compile(weight_gradient, dynamic=True)


class DepthwiseConvolution(torch.autograd.Function):
    """Convolves (B, C, 1, T), channels innermost in memory, with (C, 1, 1, taps): stride 1, same length."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Convolve, in the type that autocast gives."""
        y = functional.conv2d(x, weight, padding=(0, weight.shape[-1] // 2), groups=len(weight))
        ctx.save_for_backward(x.to(y.dtype), weight)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the gradients of input and weight."""
        x, weight = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        taps = weight.shape[-1]
        of_x = torch.ops.aten.convolution_backward(
            gradient, x, weight.to(gradient.dtype), None, (1, 1), (0, taps // 2), (1, 1), False, (0, 0),
            len(weight), (True, False, False),
        )[0]  # fmt: skip
        innermost = [tensor.squeeze(2).transpose(1, 2) for tensor in (x, gradient)]
        of_weight = compiled_weight_gradient(*innermost, taps)
        return of_x, of_weight.reshape(weight.shape).to(weight.dtype)


def is_fast(convolution: torch.nn.Conv1d) -> bool:
    """Whether `DepthwiseConvolution` is equal to a convolution, and can be compiled here."""
    taps = convolution.kernel_size[0]
    same = convolution.stride[0] == 1 and convolution.dilation[0] == 1 and taps % 2 == 1
    depthwise = convolution.groups == convolution.in_channels == convolution.out_channels
    padded = convolution.padding == (taps // 2,) and convolution.bias is None
    return same and depthwise and padded and taps > 1 and has_compiler()


@cache
def has_compiler() -> bool:
    """Whether torch.compile finds a C++ compiler."""
    return shutil.which("g++") is not None
