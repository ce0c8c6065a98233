"""A discriminator for vocoders: it learns to tell recorded from generated audio by their complex spectra.

Spectral distances are smallest for the mean of all plausible sounds, which sounds metallic; an adversary asks
for one of them. It sees what magnitudes hide, the phases, at several resolutions (as do the discriminators of
Jang et al. 2021, UnivNet, and Défossez et al. 2022, EnCodec), and is small enough for a CPU.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

RESOLUTIONS = ((1024, 256), (512, 128), (256, 64))  # n_fft and hop, in samples
CHANNELS = 24
COMPRESSION = 0.3  # exponent of the magnitudes: quiet sounds count, too
FLOOR = 1e-5  # of the magnitudes, whose root has no gradient at zero
SLOPE = 0.1


class Opinion(NamedTuple):
    """What the adversary says of some audio."""

    scores: list[torch.Tensor]  # one map per resolution: 1 for recorded, 0 for generated
    layers: list[torch.Tensor]  # activations on the way


class SpectrumCritic(nn.Module):
    """The part of the adversary for one resolution."""

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        widths = (2, CHANNELS, CHANNELS, CHANNELS)
        self.layers = nn.ModuleList(
            nn.utils.parametrizations.weight_norm(
                nn.Conv2d(before, after, (7, 3), stride=(4, 1), padding=(3, 1))
            )
            for before, after in pairwise(widths)
        )
        self.score = nn.utils.parametrizations.weight_norm(nn.Conv2d(CHANNELS, 1, 3, padding=1))

    def forward(self, audio: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """Return the scores of (B, N) audio, (B, 1, bands, T), and the activations of the layers."""
        window = self.get_buffer("window")
        spectrum = torch.stft(audio, self.n_fft, self.hop, window=window, return_complex=True)
        plane = torch.stack((spectrum.real, spectrum.imag), 1)
        magnitude = (plane.square().sum(1, keepdim=True) + FLOOR).sqrt()
        x = plane * magnitude ** (COMPRESSION - 1)
        activations = []
        for layer in self.layers:
            x = functional.leaky_relu(layer(x), SLOPE)
            activations.append(x)
        return self.score(x), activations


class Adversary(nn.Module):
    """Critics of all resolutions, with least squares as their loss (Mao et al. 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.critics = nn.ModuleList(SpectrumCritic(n_fft, hop) for n_fft, hop in RESOLUTIONS)

    def forward(self, audio: torch.Tensor) -> Opinion:
        """Judge (B, N) audio."""
        scores, layers = [], []
        for critic in self.critics:
            score, activations = critic(audio)
            scores.append(score)
            layers += activations
        return Opinion(scores, layers)

    def loss(self, recorded: torch.Tensor, generated: torch.Tensor) -> torch.Tensor:
        """Return how badly the adversary tells (B, N) recorded from generated audio."""
        pairs = zip(self(recorded).scores, self(generated.detach()).scores, strict=True)
        losses = [(1 - true).square().mean() + false.square().mean() for true, false in pairs]
        return torch.stack(losses).mean()

    def persuasion(
        self, recorded: torch.Tensor, generated: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return how far (B, N) generated audio is from passing, and from the activations of the recorded."""
        with torch.no_grad():
            target = self(recorded)
        found = self(generated)
        doubts = [(1 - score).square().mean() for score in found.scores]
        distances = [
            (ours - true).abs().mean() / true.abs().mean().clamp(min=FLOOR)
            for ours, true in zip(found.layers, target.layers, strict=True)
        ]
        return torch.stack(doubts).mean(), torch.stack(distances).mean()
