"""WaveGlow from noise to audio (NeMo WaveGlowModule.norm_dist_to_audio), independent of padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from export.convolution import flat
from export.errors import UnsupportedCheckpointError
from export.families.waveglow.conditioning import conditioning_of
from export.onnx_graph import write_graph


class Coupling(nn.Module):
    """One flow's WaveNet.

    Convolutions are 2-D of height one, for which ONNX Runtime has fast kernels; the halves of a layer
    that go through tanh and sigmoid are separate, so nothing has to be cut out of their layout; and the last
    layer is folded into the skip connections, which it only sums.
    """

    def __init__(self, wavenet: Any):
        """Take the weights of a NeMo WaveNet without weight norm."""
        super().__init__()
        channels, layers = wavenet.n_channels, wavenet.n_layers
        self.channels = channels
        self.start = flat(wavenet.start)
        self.content, self.gate = nn.ModuleList(), nn.ModuleList()
        self.residual, self.skip = nn.ModuleList(), nn.ModuleList()
        end = wavenet.end
        for index, (entry, leave) in enumerate(zip(wavenet.in_layers, wavenet.res_skip_layers, strict=True)):
            self.content.append(flat(entry, slice(0, channels)))
            self.gate.append(flat(entry, slice(channels, None)))
            if index < layers - 1:
                self.residual.append(flat(leave, slice(0, channels)))
            skipped = flat(leave, slice(channels, None) if index < layers - 1 else slice(None))
            self.skip.append(folded_into(end, skipped, with_bias=index == 0))

    def forward(self, kept: Tensor, heard: Tensor, mask: Tensor) -> Tensor:
        """Predict shift and log-scale.

        Args:
            kept: (B, n, 1, columns), the half that stays.
            heard: (B, 2*C*layers, 1, columns), conditioning.
            mask: (B, 1, 1, columns), 1 inside a row and 0 after its end.

        Returns:
            (B, 2n, 1, columns), shifts first.
        """
        x = self.start(kept) * mask
        heard_by_layer = heard.split(self.channels, dim=1)
        total: Tensor | None = None
        for index, skip in enumerate(self.skip):
            content = self.content[index](x) + heard_by_layer[2 * index]
            gate = self.gate[index](x) + heard_by_layer[2 * index + 1]
            acts = content.tanh() * gate.sigmoid()
            total = skip(acts) if total is None else total + skip(acts)
            if index < len(self.residual):
                # The next layer must see zeros after a row's end, as it does when the row is alone.
                x = (x + self.residual[index](acts)) * mask
        assert total is not None  # for the type checker: there is at least one layer
        return total


class WaveGlowNetwork(nn.Module):
    """Mel spectrograms and noise to audio."""

    def __init__(self, waveglow: Any):
        """Take the weights of a NeMo WaveGlowModule, and remove its weight norm.

        Raises:
            UnsupportedCheckpointError: a group that does not divide the hop.
        """
        super().__init__()
        self.hop, self.group = int(waveglow.upsample.stride[0]), int(waveglow.n_group)
        if self.hop % self.group or waveglow.upsample.kernel_size[0] % self.hop:
            raise UnsupportedCheckpointError(
                f"waveglow: expected n_group to divide the hop of {self.hop} samples, got {self.group}."
            )
        waveglow.remove_weightnorm()
        self.mels = int(waveglow.n_mel_channels)
        self.early_size = int(waveglow.n_early_size)
        self.halves = list(waveglow.n_halves)
        self.remaining = int(waveglow.n_remaining_channels)
        self.early_at = {k for k in range(1, waveglow.n_flows) if k % waveglow.n_early_every == 0}
        self.conditioning = conditioning_of(waveglow)
        self.couplings = nn.ModuleList(Coupling(wavenet) for wavenet in waveglow.wavenet)
        self.context_frames = context_frames(waveglow.wavenet, self.hop // self.group)
        self.context_frames += self.conditioning.frames_back
        self.unmixing = nn.ModuleList(inverse(mixing.conv) for mixing in waveglow.convinv)

    def forward(self, mel: Tensor, mel_length: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """Compute audio.

        Args:
            mel: (B, M, T) float32; frames from a row's length on are ignored.
            mel_length: (B, 1) int64, in frames.
            z: (B, G, T*hop/G) float32, normal noise times sigma; rows in the order that the flows take them.

        Returns:
            audio (B, T*hop) float32, zero after a row's end, and audio_length (B, 1) int64 in samples.
        """
        frames = mel.shape[2]
        length = mel_length.clamp(min=0).minimum(torch.tensor(frames))
        inside = torch.arange(frames).unsqueeze(0) < length
        columns = inside.repeat_interleave(self.hop // self.group, dim=1)
        # Selected rather than multiplied, so that even NaN in the padding has no effect.
        mel = torch.where(inside.unsqueeze(1), mel, 0.0).unsqueeze(2)
        z = torch.where(columns.unsqueeze(1), z, 0.0).unsqueeze(2)
        mask = columns[:, None, None, :].to(mel.dtype)
        heard = self.conditioning(mel)

        audio, z = z[:, : self.remaining], z[:, self.remaining :]
        for k in reversed(range(len(self.couplings))):
            half = self.halves[k]
            kept, changed = audio[:, :half], audio[:, half:]
            shift, log_scale = self.couplings[k](kept, heard[k], mask).split(half, dim=1)
            audio = torch.cat([kept, (changed - shift) * (-log_scale).exp()], dim=1)
            audio = self.unmixing[k](audio)
            if k in self.early_at:
                audio = torch.cat([z[:, : self.early_size], audio], dim=1)
                z = z[:, self.early_size :]
        samples = (audio * mask).squeeze(2).transpose(1, 2).reshape(audio.shape[0], -1)
        return samples, length * self.hop


def context_frames(wavenets: Sequence[Any], columns: int) -> int:
    """Frames on each side of a frame that its samples depend on through the flows' convolutions.

    Args:
        wavenets: of all flows; each reads the whole of the one before.
        columns: of a frame.
    """
    layers = [layer for wavenet in wavenets for layer in wavenet.in_layers]
    reach = sum((int(layer.kernel_size[0]) - 1) * int(layer.dilation[0]) // 2 for layer in layers)
    return math.ceil(reach / columns)


def folded_into(end: nn.Conv1d, skip: nn.Conv2d, with_bias: bool) -> nn.Conv2d:
    """A skip connection with the last layer applied, both of kernel size one; the last layer's bias once."""
    outer = end.weight.detach().double().squeeze(2)
    made = nn.Conv2d(skip.in_channels, outer.shape[0], 1)
    made.weight.data = (outer @ skip.weight.data.double().flatten(1)).float()[:, :, None, None]
    bias = outer @ skip.bias.data.double()
    made.bias.data = (bias + end.bias.detach().double() if with_bias else bias).float()
    return made


def inverse(mixing: nn.Conv1d) -> nn.Conv2d:
    """The inverse of an invertible 1x1 convolution."""
    weight = mixing.weight.detach().double().squeeze(2)
    made = nn.Conv2d(len(weight), len(weight), 1, bias=False)
    made.weight.data = weight.inverse().float()[:, :, None, None]
    return made


def write_waveglow(module: WaveGlowNetwork, path: Path) -> None:
    """Write the vocoder as an ONNX graph."""
    frames = 6
    example = (
        torch.randn(2, module.mels, frames),
        torch.tensor([[frames], [frames - 2]]),
        torch.randn(2, module.group, frames * module.hop // module.group),
    )
    write_graph(
        module,
        example,
        path,
        inputs={
            "mel": ("B", module.mels, "T"),
            "mel_length": ("B", 1),
            "z": ("B", module.group, "columns"),
        },
        outputs={"audio": ("B", "N"), "audio_length": ("B", 1)},
    )
