"""Vocal tracts of other lengths: the mel axis of a spectrogram stretched by a random factor per clip."""

from __future__ import annotations

import torch


class VocalTractWarp:
    """Stretches (B, mels, T) features along the mels, each clip by its own factor.

    The highest mels that a stretched clip lacks repeat its last one.
    """

    def __init__(self, mels: int, strength: float) -> None:
        self.mels = mels
        self.strength = strength  # factors are from 1 - strength to 1 + strength

    def __call__(self, features: torch.Tensor) -> torch.Tensor:
        """Return warped features, of the same shape."""
        if not self.strength:
            return features
        factor = 1 + self.strength * (2 * torch.rand(len(features), 1, device=features.device) - 1)
        return warp(features, factor)


def warp(features: torch.Tensor, factor: torch.Tensor) -> torch.Tensor:
    """Read (B, mels, T) features at mel positions multiplied by (B, 1) factors, interpolated."""
    mels = features.shape[1]
    place = (torch.arange(mels, device=features.device) * factor).clamp(max=mels - 1)
    lower = place.floor().long().clamp(max=mels - 2)
    share = (place - lower).unsqueeze(-1)
    rows = torch.arange(len(features), device=features.device).unsqueeze(-1)
    return torch.lerp(features[rows, lower], features[rows, lower + 1], share)
