"""How far two waveforms are apart in their spectra, at several resolutions."""

from __future__ import annotations

import torch
from torch import nn

RESOLUTIONS = ((512, 128, 400), (1024, 256, 800), (256, 64, 200))  # FFT, hop, window in samples
FLOOR = 1e-4  # of magnitudes


def magnitude(audio: torch.Tensor, n_fft: int, hop: int, window: torch.Tensor) -> torch.Tensor:
    """Return the (B, F, T) magnitudes of (B, N) audio."""
    spectrum = torch.stft(audio, n_fft, hop, len(window), window, return_complex=True)
    return torch.sqrt(spectrum.real**2 + spectrum.imag**2 + FLOOR**2)


class SpectralLoss(nn.Module):
    """Spectral convergence and log-magnitude distance over several resolutions, and log-mel distance."""

    def __init__(self, mel_basis: torch.Tensor, mel_weight: float) -> None:
        """Take the (M, F) mel basis for the resolution with F = FFT/2 + 1, and the weight of its distance."""
        super().__init__()
        self.mel_weight = mel_weight
        self.register_buffer("mel_basis", mel_basis, persistent=False)
        self.windows = [torch.hann_window(window) for _, _, window in RESOLUTIONS]

    def forward(self, predicted: torch.Tensor, true: torch.Tensor) -> dict[str, torch.Tensor]:
        """Compare (B, N) waveforms; returns `stft` and `mel`, already weighted."""
        stft = predicted.new_zeros(())
        mel = predicted.new_zeros(())
        for (n_fft, hop, _), window in zip(RESOLUTIONS, self.windows, strict=True):
            ours, target = (magnitude(x, n_fft, hop, window.to(x)) for x in (predicted, true))
            stft = stft + torch.linalg.norm(target - ours) / torch.linalg.norm(target).clamp(min=1.0)
            stft = stft + (torch.log(ours) - torch.log(target)).abs().mean()
            if n_fft == 2 * (self.mel_basis.size(1) - 1):
                ours, target = (torch.log(self.mel_basis @ x + 1e-5) for x in (ours, target))
                mel = (ours - target).abs().mean()
        return {"stft": stft / len(RESOLUTIONS), "mel": self.mel_weight * mel}
