"""HiFi-GAN's generator (Kong et al. 2020) as one graph, independent of padding."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import flat
from export.errors import UnsupportedCheckpointError
from export.onnx_graph import write_graph

_LAST_SLOPE = 0.01  # torch's default, which NeMo's generator uses before its last convolution


class Residual(nn.Module):
    """Convolutions around which the input is added: (activation, convolution) once or twice a round."""

    def __init__(self, block: Any):
        super().__init__()
        self.slope = float(block.lrelu_slope)
        rounds = (
            zip(block.convs1, block.convs2, strict=True) if hasattr(block, "convs1") else zip(block.convs)
        )
        self.rounds = nn.ModuleList(nn.ModuleList(flat(conv) for conv in convs) for convs in rounds)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, 1, N) to (B, C, 1, N); `mask` (B, 1, 1, N) is 1 inside a row and 0 after its end."""
        for convs in self.rounds:
            changed = x
            for conv in convs:
                changed = conv(nn.functional.leaky_relu(changed, self.slope) * mask)
            x = changed + x
        return x


class HifiGan(nn.Module):
    """Mel spectrograms to audio.

    NeMo's generator has no masks: in a batch, the last frames of a shorter row depend on what follows it.
    Here every convolution sees zeros there, as it does at the end of a row alone.
    """

    def __init__(self, generator: Any):
        """Take the weights of a NeMo Generator, whose weight norm is removed by this.

        Raises:
            UnsupportedCheckpointError: an upsampling that makes a length of its own.
        """
        super().__init__()
        remove_weight_norm(generator)
        self.mels = int(generator.conv_pre.in_channels)
        self.slope = float(generator.lrelu_slope)
        self.first, self.last = flat(generator.conv_pre), flat(generator.conv_post)
        self.rates = [int(up.stride[0]) for up in generator.ups]
        self.hop = 1
        for index, (up, rate) in enumerate(zip(generator.ups, self.rates, strict=True)):
            if up.kernel_size[0] - 2 * up.padding[0] + up.output_padding[0] != rate:
                raise UnsupportedCheckpointError(
                    f"generator.ups.{index}: expected {rate} samples for each, got a kernel of "
                    f"{up.kernel_size[0]} with padding {up.padding[0]}; no exporter reproduces it."
                )
            self.hop *= rate
        self.upsampling = nn.ModuleList(flat_transposed(up) for up in generator.ups)
        self.context_frames = context_frames(generator)
        self.residuals = nn.ModuleList(
            nn.ModuleList(Residual(block) for block in group) for group in generator.resblocks
        )

    def forward(self, mel: Tensor, mel_length: Tensor) -> tuple[Tensor, Tensor]:
        """Compute audio.

        Args:
            mel: (B, M, T) float32; frames from a row's length on are ignored.
            mel_length: (B, 1) int64, in frames.

        Returns:
            audio (B, T*hop) float32, zero after a row's end, and audio_length (B, 1) int64 in samples.
        """
        length = mel_length.clamp(min=0).minimum(torch.tensor(mel.shape[2]))
        # Selected rather than multiplied, so that not even NaN in the padding gets in.
        x = torch.where(inside(mel.shape[2], length).unsqueeze(1), mel, 0.0).unsqueeze(2)
        x = self.first(x)
        mask = inside(x.shape[3], length)[:, None, None, :].to(x.dtype)
        for rate, up, group in zip(self.rates, self.upsampling, self.residuals, strict=True):
            x = up(nn.functional.leaky_relu(x, self.slope) * mask)
            length = length * rate
            mask = inside(x.shape[3], length)[:, None, None, :].to(x.dtype)
            total = group[0](x, mask)
            for residual in group[1:]:
                total = total + residual(x, mask)
            x = total / len(group)
        x = self.last(nn.functional.leaky_relu(x, _LAST_SLOPE) * mask).tanh() * mask
        return x.flatten(1), length


def context_frames(generator: Any) -> int:
    """Frames on each side of a stretch that its samples depend on; 13 in the published architecture."""
    rates = [int(up.stride[0]) for up in generator.ups]
    low, high = 0, math.prod(rates) - 1  # the samples of one frame; then what they depend on, layer by layer
    reach = reach_of(generator.conv_post)
    low, high = low - reach, high + reach
    for up, rate, group in reversed(list(zip(generator.ups, rates, generator.resblocks, strict=True))):
        reach = max(sum(map(reach_of, convolutions(block))) for block in group)
        padding, kernel = int(up.padding[0]), int(up.kernel_size[0])
        low = math.ceil((low - reach + padding - kernel + 1) / rate)
        high = (high + reach + padding) // rate
    reach = reach_of(generator.conv_pre)
    return max(reach - low, reach + high)


def reach_of(conv: nn.Conv1d) -> int:
    """Places on each side that a convolution reads."""
    return int((conv.kernel_size[0] - 1) * conv.dilation[0]) // 2


def convolutions(block: Any) -> list[nn.Conv1d]:
    """The convolutions of a residual block, one after another."""
    return [*block.convs1, *block.convs2] if hasattr(block, "convs1") else list(block.convs)


def inside(size: Any, length: Tensor) -> Tensor:
    """Which of `size` places of a row are before its end: (B, size) bool."""
    return torch.arange(size).unsqueeze(0) < length


def remove_weight_norm(generator: Any) -> None:
    """Make plain weights of all convolutions; nothing where it was done before."""
    for module in generator.modules():
        if isinstance(module, (nn.Conv1d, nn.ConvTranspose1d)) and hasattr(module, "weight_g"):
            nn.utils.remove_weight_norm(module)


def flat_transposed(conv: nn.ConvTranspose1d) -> nn.ConvTranspose2d:
    """The same for a transposed convolution."""
    made = nn.ConvTranspose2d(
        conv.in_channels,
        conv.out_channels,
        (1, conv.kernel_size[0]),
        stride=(1, conv.stride[0]),
        padding=(0, int(conv.padding[0])),
        output_padding=(0, int(conv.output_padding[0])),
    )
    made.weight.data = conv.weight.detach().unsqueeze(2).clone()
    made.bias.data = conv.bias.detach().clone()
    return made


def write_hifigan(module: HifiGan, path: Path) -> None:
    """Write the vocoder as an ONNX graph."""
    frames = 6
    write_graph(
        module,
        (torch.randn(2, module.mels, frames), torch.tensor([[frames], [frames - 2]])),
        path,
        inputs={"mel": ("B", module.mels, "T"), "mel_length": ("B", 1)},
        outputs={"audio": ("B", "N"), "audio_length": ("B", 1)},
    )
