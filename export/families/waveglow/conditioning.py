"""WaveGlow's conditioning on mel frames: NeMo's upsampling, in the cheapest equal form.

NeMo upsamples the frames to samples by a transposed convolution, stacks the samples of a group into one
column, and lets every layer mix a column's M*G values. So a layer's conditioning in column q of frame t is

    sum over tap j and mel m of  K[q, j, m] mel[m, t - j],    K[q] = layer x upsampling at column q,

a convolution over frames with a kernel per column. Where the upsampling only interpolates between frames
(with the same weights for all it mixes), every K[q] is a combination of one shorter kernel at a few shifts.
Then that kernel is applied once per frame, and each column combines a few neighbouring results. For other
checkpoints both layers stay as they are.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

NEGLIGIBLE = 1e-5  # relative size that may be dropped: float32 rounding of interpolation weights


def interpolation(upsample: nn.ConvTranspose1d, group: int) -> tuple[Tensor, Tensor] | None:
    """Write an upsampling as a short convolution over frames and an interpolation between its results.

    Args:
        upsample: NeMo's.
        group: samples in a column.

    Returns:
        weights (R, Q) and kernel (M in, M out, J - R + 1, G), both float64: column q of frame t is the sum
        over r of weights[r, q] times the kernel's result at frame t - r. None if this is
        not possible.
    """
    mels, stride = upsample.in_channels, upsample.stride[0]
    by_column = upsample.weight.detach().double().view(mels, mels, -1, stride // group, group)
    taps = int(by_column.abs().amax(dim=(0, 1, 3, 4)).nonzero().numpy().max(initial=-1)) + 1
    flat = by_column[:, :, :taps].permute(3, 2, 0, 1, 4).flatten(1)  # a row per column, tap by tap
    if taps == 0:
        return None
    strength, directions = torch.linalg.eigh(flat @ flat.t())  # ascending
    rank = int((strength > strength[-1] * NEGLIGIBLE**2).sum())
    if not 0 < rank <= taps:
        return None
    # Of the kernel's shifts, the first is the one combination of columns without the last taps.
    basis = (directions[:, -rank:].t() @ flat).view(rank, taps, -1)
    late = basis[:, taps - rank + 1 :].flatten(1)
    kernel = torch.einsum("r,rjx->jx", torch.linalg.eigh(late @ late.t())[1][:, 0], basis)
    shifts = torch.stack(
        [nn.functional.pad(kernel[: taps - rank + 1], (0, 0, r, rank - 1 - r)) for r in range(rank)]
    )
    weights = torch.linalg.lstsq(shifts.flatten(1).t(), flat.t()).solution
    if (shifts.flatten(1).t() @ weights - flat.t()).norm() > NEGLIGIBLE * flat.norm():
        return None
    scale = weights.flatten()[weights.abs().argmax()]
    # Far finer than float32, and nothing is left where a weight is zero.
    return (weights / scale).round(decimals=12), (kernel[: taps - rank + 1] * scale).view(
        -1, mels, mels, group
    ).permute(1, 2, 0, 3)


class InterpolatedConditioning(nn.Module):
    """One convolution over frames, interpolated for every column."""

    def __init__(self, waveglow: Any, weights: Tensor, kernel: Tensor):
        """Merge the upsampling with the conditioning layers of all flows.

        Args:
            waveglow: a NeMo WaveGlowModule without weight norm.
            weights: (R, Q).
            kernel: (M in, M out, J, G).
        """
        super().__init__()
        mels, group = waveglow.n_mel_channels, waveglow.n_group
        layers = [wavenet.cond_layer for wavenet in waveglow.wavenet]
        self.sizes = [layer.out_channels for layer in layers]
        self.shifts, self.taps = len(weights), kernel.shape[2]
        self.frames_back = self.taps + self.shifts - 2  # that a column depends on, before its own
        heard = torch.cat([layer.weight.detach().double().view(-1, mels, group) for layer in layers])
        # Tap j of the upsampling reads j frames back, so the kernel over frames has the reverse order.
        merged = torch.einsum("omg,imjg->oij", heard, kernel).flip(2)
        self.frames = nn.Conv2d(mels, len(heard), (1, self.taps), bias=False)
        self.frames.weight.data = merged.unsqueeze(2).float()
        self.register_buffer("weights", weights.float())
        constant = torch.einsum("omg,m->o", heard, waveglow.upsample.bias.detach().double())
        bias = torch.cat([layer.bias.detach().double() for layer in layers]) + constant
        self.register_buffer("bias", bias.float()[None, :, None, None])

    def forward(self, mel: Tensor) -> list[Tensor]:
        """Compute the conditioning of every flow's layers.

        Args:
            mel: (B, M, 1, T).

        Returns:
            Per flow (B, 2*C*layers, 1, T*Q).
        """
        heard = self.frames(nn.functional.pad(mel, (self.frames_back, 0))).squeeze(2)
        frames = mel.shape[3]
        # Result t is at t + shifts - 1, after those shifted to before the first frame.
        starts = range(self.shifts - 1, -1, -1)
        shifted = torch.stack([heard[:, :, start : start + frames] for start in starts], dim=3)
        columns = torch.matmul(shifted, self.weights).reshape(mel.shape[0], heard.shape[1], 1, -1)
        return list((columns + self.bias).split(self.sizes, dim=1))


class UpsampledConditioning(nn.Module):
    """NeMo's two layers, the transposed convolution as one over frames with an output per sample."""

    def __init__(self, waveglow: Any):
        """Take the weights of a NeMo WaveGlowModule without weight norm."""
        super().__init__()
        upsample = waveglow.upsample
        self.mels, self.group = waveglow.n_mel_channels, waveglow.n_group
        stride = upsample.stride[0]
        self.columns = stride // self.group
        taps = upsample.kernel_size[0] // stride
        weight = upsample.weight.detach().view(self.mels, self.mels, taps, self.columns, self.group)
        self.frames_back = taps - 1  # that a column depends on, before its own
        # Outputs in the order column, mel, sample of the group: a column then is one run of channels.
        self.frames = nn.Conv2d(self.mels, stride * self.mels, (1, taps))
        self.frames.weight.data = (
            weight.permute(3, 1, 4, 0, 2).flip(4).reshape(-1, self.mels, 1, taps).contiguous()
        )
        self.frames.bias.data = upsample.bias.detach().repeat_interleave(self.group).repeat(self.columns)
        self.layers = nn.ModuleList()
        for wavenet in waveglow.wavenet:
            source = wavenet.cond_layer
            layer = nn.Conv2d(source.in_channels, source.out_channels, 1)
            layer.weight.data = source.weight.detach().unsqueeze(2).clone()
            layer.bias.data = source.bias.detach().clone()
            self.layers.append(layer)

    def forward(self, mel: Tensor) -> list[Tensor]:
        """Compute the conditioning of every flow's layers: (B, M, 1, T) to (B, 2*C*layers, 1, T*Q) each."""
        samples = self.frames(nn.functional.pad(mel, (self.frames_back, 0)))
        by_column = samples.reshape(samples.shape[0], self.columns, self.mels * self.group, samples.shape[3])
        heard = by_column.permute(0, 2, 3, 1).reshape(samples.shape[0], self.mels * self.group, 1, -1)
        return [layer(heard) for layer in self.layers]


def conditioning_of(waveglow: Any) -> nn.Module:
    """The cheapest form that is equal."""
    found = interpolation(waveglow.upsample, waveglow.n_group)
    return UpsampledConditioning(waveglow) if found is None else InterpolatedConditioning(waveglow, *found)
