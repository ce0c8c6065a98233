"""Denoiser for WaveGlow, which adds a constant hum: subtracts the hum's spectrum.

NVIDIA's WaveGlow denoiser, as in NeMo's GlowVocoder.denoise: the magnitude spectrum of the vocoder's output
for an empty mel spectrogram without noise is subtracted from that of the speech, and the phase is kept.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, ParameterError
from ..sidecar import read_sidecar

_BLOCK_FRAMES = 2048  # frames transformed at once: bounds the memory for long recordings


class Denoiser:
    """Spectral subtraction of a vocoder's bias.

    Args:
        bias: (fft_size / 2 + 1,) float32, magnitude spectrum that is subtracted at strength 1.
        hop_samples: between analysis windows.
        window: (fft_size,) float32, zero-padded on both sides when the window is shorter than the FFT.
    """

    def __init__(self, bias: NDArray[np.float32], hop_samples: int, window: NDArray[np.float32]) -> None:
        self._bias = bias
        self._hop = hop_samples
        self._window = window

    @classmethod
    def load(cls, settings: Path, bias: Path) -> Denoiser:
        """Read `denoiser.json` and `bias.npy` as the exporter wrote them.

        Raises:
            ArtifactError: a file or field is missing, or the two do not fit.
        """
        names = ("fft_size", "window_samples", "hop_samples", "window")
        fft_size, window_samples, hop, name = read_sidecar(settings, *names)
        if name != "hann":
            raise ArtifactError(
                f"{settings}: expected the window 'hann', got {name!r}; export with that window."
            )
        try:
            spectrum = np.load(bias)
        except FileNotFoundError as error:
            raise ArtifactError(
                f"{bias}: expected the exporter's file, found none; run `make export`."
            ) from error
        if spectrum.shape != (fft_size // 2 + 1,):
            raise ArtifactError(
                f"{bias}: expected {fft_size // 2 + 1} bins for an FFT of {fft_size}, got shape "
                f"{spectrum.shape}; export the checkpoint again."
            )
        return cls(spectrum.astype(np.float32), hop, hann_window(window_samples, fft_size))

    def denoise(self, audio: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
        """Subtract `strength` times the bias spectrum.

        Args:
            audio: (N,) float32.
            strength: 0 (unchanged) to 1; usually 0.01 to 0.1.

        Returns:
            (N,) float32.

        Raises:
            ParameterError: strength out of range.
        """
        if not 0 <= strength <= 1:
            raise ParameterError(
                f"strength: expected a number from 0 to 1, got {strength:g}; send one in range."
            )
        size, half = self._window.size, self._window.size // 2
        if audio.size < 2 or strength == 0:
            return audio.copy()
        padded = np.pad(audio, half, mode="reflect")
        padded = np.pad(padded, (0, -(padded.size - size) % self._hop))
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[:: self._hop]
        summed, weight = np.zeros_like(padded), np.zeros_like(padded)
        power = self._window**2
        for start in range(0, len(frames), _BLOCK_FRAMES):
            block = self._subtract(frames[start : start + _BLOCK_FRAMES], strength)
            for offset, frame in enumerate(block, start):
                place = slice(offset * self._hop, offset * self._hop + size)
                summed[place] += frame
                weight[place] += power
        speech = slice(half, half + audio.size)
        tiny = np.finfo(np.float32).tiny
        denoised: NDArray[np.float32] = summed[speech] / np.maximum(weight[speech], tiny)
        return denoised

    def _subtract(self, frames: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
        """Return the denoised frames, windowed for overlap-add."""
        spectrum = np.fft.rfft(frames * self._window)
        magnitude = np.abs(spectrum)
        kept = np.maximum(magnitude - self._bias * np.float32(strength), 0)
        scale = np.divide(kept, magnitude, out=np.zeros_like(kept), where=magnitude > 0)
        return (np.fft.irfft(spectrum * scale, n=self._window.size) * self._window).astype(np.float32)


def hann_window(samples: int, size: int) -> NDArray[np.float32]:
    """Return a symmetric Hann window (torch.hann_window, periodic=False), zero-padded to `size`."""
    window = np.zeros(size, np.float32)
    left = (size - samples) // 2
    window[left : left + samples] = np.hanning(samples)
    return window
