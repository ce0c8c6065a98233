"""The distance between the spectra of two waveforms, at several resolutions."""

from __future__ import annotations

from typing import NamedTuple

import librosa
import torch
from torch import nn


class Resolution(NamedTuple):
    """One resolution of a spectrum."""

    n_fft: int  # samples
    hop: int  # samples
    window: int  # samples
    mels: int  # bands


RESOLUTIONS = (Resolution(1024, 256, 800, 80), Resolution(512, 128, 400, 64), Resolution(256, 64, 200, 32))
MAGNITUDE_FLOOR = 1e-4
MEL_FLOOR = 1e-5  # as in the acoustic model's features


class SpectralLoss(nn.Module):
    """Spectral convergence, log-magnitude and log-mel distance, averaged over the resolutions.

    The log-mel distance carries the weight: magnitudes of noise differ between any two recordings, their mean
    over a mel band hardly.
    """

    def __init__(self, sample_rate_hz: int, mel_weight: float) -> None:
        super().__init__()
        self.mel_weight = mel_weight
        self.windows = [torch.hann_window(resolution.window) for resolution in RESOLUTIONS]
        self.bases = [
            torch.from_numpy(
                librosa.filters.mel(sr=sample_rate_hz, n_fft=resolution.n_fft, n_mels=resolution.mels)
            )
            for resolution in RESOLUTIONS
        ]

    def forward(self, predicted: torch.Tensor, true: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compare (B, N) waveforms; returns `stft` and the weighted `mel`."""
        stft = predicted.new_zeros(())
        mel = predicted.new_zeros(())
        for resolution, window, basis in zip(RESOLUTIONS, self.windows, self.bases, strict=True):
            ours, target = (magnitude(audio, resolution, window.to(audio)) for audio in (predicted, true))
            stft = stft + torch.linalg.norm(target - ours) / torch.linalg.norm(target).clamp(min=1.0)
            stft = stft + (torch.log(ours) - torch.log(target)).abs().mean()
            bands = (torch.log(basis.to(spectrum) @ spectrum + MEL_FLOOR) for spectrum in (ours, target))
            mel = mel + (next(bands) - next(bands)).abs().mean()
        return {"stft": stft / len(RESOLUTIONS), "mel": self.mel_weight * mel / len(RESOLUTIONS)}


def magnitude(audio: torch.Tensor, resolution: Resolution, window: torch.Tensor) -> torch.Tensor:
    """Return the (B, F, T) magnitudes of (B, N) audio."""
    spectrum = torch.stft(
        audio, resolution.n_fft, resolution.hop, resolution.window, window, return_complex=True
    )
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + MAGNITUDE_FLOOR**2)
