"""WaveGlow with folded conditioning: a special case of NeMo's WaveGlowModule that a CPU can train.

NeMo upsamples the mel frames to samples, stacks the samples of a group into M*G channels and mixes those for
every group. Here a convolution over three frames is interpolated linearly between frames instead. `to_nemo`
writes the result as weights of NeMo's module, which computes the same audio.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.nn import functional

UPSAMPLING_KERNEL = 1024  # samples, fixed in NeMo
HOP = 256  # samples, fixed in NeMo
TAPS = 3  # frames


class Conditioning(nn.Module):
    """The conditioning of every group of samples on mel frames: three taps, interpolated linearly.

    Group column q of frame i gets (1 - q/Q) h[i] + q/Q h[i + 1], where Q is the number of groups in a frame
    and h[i] mixes the frames i-3 to i-1.
    """

    def __init__(self, mels: int, channels: int, groups_per_frame: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(mels, channels, TAPS)
        self.groups_per_frame = groups_per_frame
        nn.init.normal_(self.mix.weight, std=0.05 / math.sqrt(mels * TAPS))
        nn.init.zeros_(self.mix.bias)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        """Turn (B, M, 3 + T) mel frames, three of them before the first, into (B, channels, T*Q)."""
        mixed = self.mix(mel)
        frames = mixed.size(2) - 1
        ramp = torch.arange(self.groups_per_frame, dtype=mel.dtype, device=mel.device) / self.groups_per_frame
        # One matrix interpolates: (T + 1) frames to T*Q groups.
        matrix = mel.new_zeros(frames + 1, frames, self.groups_per_frame)
        index = torch.arange(frames, device=mel.device)
        matrix[index, index] = 1 - ramp
        matrix[index + 1, index] = ramp
        return mixed @ matrix.flatten(1)


class Coupling(nn.Module):
    """The WaveNet that predicts shift and log-scale of one half from the other."""

    def __init__(self, half: int, channels: int, layers: int, kernel: int) -> None:
        super().__init__()
        self.channels = channels
        self.start = nn.Conv1d(half, channels, 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, kernel, dilation=2**i, padding=(kernel - 1) * 2**i // 2)
            for i in range(layers)
        )
        self.res_skip = nn.ModuleList(
            nn.Conv1d(channels, (2 if i < layers - 1 else 1) * channels, 1) for i in range(layers)
        )
        self.end = nn.Conv1d(channels, 2 * half, 1)
        nn.init.zeros_(self.end.weight)
        nn.init.zeros_(self.end.bias)

    def forward(self, audio: torch.Tensor, condition: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return shift and log-scale, each (B, half, groups)."""
        audio = self.start(audio)
        skipped: Any = 0
        conditions = condition.chunk(len(self.dilated), dim=1)
        for dilated, res_skip, condition_of_layer in zip(
            self.dilated, self.res_skip, conditions, strict=True
        ):
            wave, gate = (dilated(audio) + condition_of_layer).chunk(2, dim=1)
            out = res_skip(torch.tanh(wave) * torch.sigmoid(gate))
            if out.size(1) > self.channels:
                audio = audio + out[:, : self.channels]
                out = out[:, self.channels :]
            skipped = skipped + out
        shift, log_scale = self.end(skipped).chunk(2, dim=1)
        return shift, log_scale


class FoldedWaveGlow(nn.Module):
    """The flow between audio and noise; sizes as in NeMo's WaveGlowModule."""

    def __init__(
        self,
        n_mel_channels: int,
        n_flows: int,
        n_group: int,
        n_early_every: int,
        n_early_size: int,
        n_wn_channels: int,
        n_wn_layers: int,
        wn_kernel_size: int,
    ) -> None:
        super().__init__()
        self.n_group, self.n_early_size = n_group, n_early_size
        self.early_at = {k for k in range(n_flows) if k % n_early_every == 0 and k > 0}
        self.condition_channels = 2 * n_wn_channels * n_wn_layers
        self.conditioning = Conditioning(n_mel_channels, n_flows * self.condition_channels, HOP // n_group)
        mixings, couplings = [], []
        channels = n_group
        for k in range(n_flows):
            channels -= n_early_size if k in self.early_at else 0
            rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
            if torch.det(rotation) < 0:
                rotation[:, 0] = -rotation[:, 0]
            mixings.append(nn.Parameter(rotation))
            couplings.append(Coupling(channels // 2, n_wn_channels, n_wn_layers, wn_kernel_size))
        self.mixings = nn.ParameterList(mixings)
        self.couplings = nn.ModuleList(couplings)

    def conditions(self, mel: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Compute each flow's conditioning from (B, M, 3 + T) mel frames."""
        return self.conditioning(mel).split(self.condition_channels, dim=1)

    def to_noise(
        self, audio: torch.Tensor, conditions: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (B, T*256) audio to (B, G, groups) noise and the log-determinant per sample."""
        audio = audio.unflatten(1, (-1, self.n_group)).transpose(1, 2)
        groups = audio.size(2)
        noise = []
        log_determinant = audio.new_zeros(())
        for k, (mixing, coupling) in enumerate(zip(self.mixings, self.couplings, strict=True)):
            if k in self.early_at:
                noise.append(audio[:, : self.n_early_size])
                audio = audio[:, self.n_early_size :]
            audio = mixing @ audio
            kept, changed = audio.chunk(2, dim=1)
            shift, log_scale = coupling(kept, conditions[k])
            audio = torch.cat([kept, torch.exp(log_scale) * changed + shift], 1)
            volume = groups * torch.linalg.slogdet(mixing).logabsdet
            log_determinant = log_determinant + log_scale.sum() / len(audio) + volume
        noise.append(audio)
        return torch.cat(noise, 1), log_determinant / (groups * self.n_group)

    def to_audio(self, noise: torch.Tensor, conditions: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """Map (B, G, groups) noise, rows in NeMo's order for inference, to (B, T*256) audio."""
        remaining = self.n_group - self.n_early_size * len(self.early_at)
        audio, noise = noise[:, :remaining], noise[:, remaining:]
        for k in reversed(range(len(self.couplings))):
            kept, changed = audio.chunk(2, dim=1)
            shift, log_scale = self.couplings[k](kept, conditions[k])
            audio = torch.cat([kept, (changed - shift) * torch.exp(-log_scale)], 1)
            audio = torch.linalg.inv(self.mixings[k]) @ audio
            if k in self.early_at:
                early, noise = noise[:, : self.n_early_size], noise[:, self.n_early_size :]
                audio = torch.cat([early, audio], 1)
        return audio.transpose(1, 2).flatten(1)

    def synthesise(self, mel: torch.Tensor, sigma: float) -> torch.Tensor:
        """Turn (B, M, T) mel frames into (B, T*256) audio with fresh noise."""
        noise = sigma * torch.randn(len(mel), self.n_group, mel.size(2) * HOP // self.n_group)
        return self.to_audio(noise.to(mel), self.conditions(functional.pad(mel, (TAPS, 0))))


def sizes_of(config: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes in the configuration of a WaveGlowModule."""
    return {key: value for key, value in config.items() if key != "_target_"}


def _normed(weight: torch.Tensor, name: str) -> dict[str, torch.Tensor]:
    """Write a weight the way weight normalisation stores it: direction and length per output channel."""
    return {f"{name}.weight_g": weight.flatten(1).norm(dim=1).view(-1, 1, 1), f"{name}.weight_v": weight}


def to_nemo(model: FoldedWaveGlow) -> dict[str, torch.Tensor]:
    """Write the weights as the state of NeMo's WaveGlowModule."""
    conditioning = model.conditioning
    mels, group, per_frame = conditioning.mix.in_channels, model.n_group, conditioning.groups_per_frame
    ramp = torch.arange(per_frame) / per_frame
    upsampling = torch.zeros(mels, mels, UPSAMPLING_KERNEL // group, group)
    every = torch.arange(mels)
    for tap in range(TAPS):
        # The oldest tap reads the frame 3 to 2 frames back, the newest the one 1 to 0 frames back.
        oldest = (TAPS - tap) * per_frame
        upsampling[every, every, oldest : oldest + per_frame, tap] = 1 - ramp
        upsampling[every, every, oldest - per_frame : oldest, tap] = ramp
    state = {"upsample.weight": upsampling.flatten(2), "upsample.bias": torch.zeros(mels)}
    weights = conditioning.mix.weight.split(model.condition_channels)
    biases = conditioning.mix.bias.split(model.condition_channels)
    for k, coupling in enumerate(model.couplings):
        columns = torch.zeros(model.condition_channels, mels, group)
        columns[:, :, :TAPS] = weights[k].detach()
        name = f"wavenet.{k}"
        state |= _normed(columns.flatten(1).unsqueeze(-1), f"{name}.cond_layer")
        state |= {f"{name}.cond_layer.bias": biases[k]}
        layers = {"start": coupling.start}
        layers |= {f"in_layers.{i}": layer for i, layer in enumerate(coupling.dilated)}
        layers |= {f"res_skip_layers.{i}": layer for i, layer in enumerate(coupling.res_skip)}
        for layer_name, layer in layers.items():
            state |= _normed(layer.weight, f"{name}.{layer_name}")
            state |= {f"{name}.{layer_name}.bias": layer.bias}
        state |= {f"{name}.end.weight": coupling.end.weight, f"{name}.end.bias": coupling.end.bias}
        state[f"convinv.{k}.conv.weight"] = model.mixings[k].unsqueeze(-1)
    return {key: value.detach().cpu().clone() for key, value in state.items()}


def from_nemo(state: dict[str, torch.Tensor], model: FoldedWaveGlow) -> dict[str, torch.Tensor]:
    """Read the folded form of a WaveGlowModule's state that `to_nemo` wrote.

    Args:
        state: of NeMo's module.
        model: of the same sizes; unchanged.

    Raises:
        ValueError: the sizes differ, or the module is not of the folded form.
    """
    mels, group = model.conditioning.mix.in_channels, model.n_group
    columns, biases = [], []
    folded = {}
    for k, coupling in enumerate(model.couplings):
        name, own = f"wavenet.{k}", f"couplings.{k}"
        column = _plain(state, f"{name}.cond_layer").view(-1, mels, group)
        if column[:, :, TAPS:].any():
            raise ValueError(
                f"{name}.cond_layer: expected no weights beyond {TAPS} frames; "
                "choose a checkpoint that was trained in the folded form."
            )
        columns.append(column[:, :, :TAPS])
        biases.append(state[f"{name}.cond_layer.bias"])
        for i in range(len(coupling.dilated)):
            for nemo, ours in ((f"in_layers.{i}", f"dilated.{i}"), (f"res_skip_layers.{i}", f"res_skip.{i}")):
                folded[f"{own}.{ours}.weight"] = _plain(state, f"{name}.{nemo}")
                folded[f"{own}.{ours}.bias"] = state[f"{name}.{nemo}.bias"]
        folded[f"{own}.start.weight"] = _plain(state, f"{name}.start")
        folded[f"{own}.start.bias"] = state[f"{name}.start.bias"]
        folded |= {f"{own}.end.{part}": state[f"{name}.end.{part}"] for part in ("weight", "bias")}
        folded[f"mixings.{k}"] = state[f"convinv.{k}.conv.weight"].squeeze(-1)
    folded["conditioning.mix.weight"] = torch.cat(columns)
    folded["conditioning.mix.bias"] = torch.cat(biases)
    for key, own_value in model.state_dict().items():
        if folded[key].shape != own_value.shape:
            raise ValueError(
                f"{key}: expected {tuple(own_value.shape)}, got {tuple(folded[key].shape)}; "
                "choose a checkpoint of the same sizes."
            )
    return folded


def _plain(state: dict[str, torch.Tensor], name: str) -> torch.Tensor:
    """Return the weight that weight normalisation stores as direction and length."""
    length, direction = state[f"{name}.weight_g"], state[f"{name}.weight_v"]
    norm = direction.flatten(1).norm(dim=1).view_as(length)
    return direction * (length / norm.clamp(min=torch.finfo(norm.dtype).tiny))
