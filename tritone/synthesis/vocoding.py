"""Samples from mel spectrograms: speed, noise, vocoder, denoiser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Network
from ..errors import ParameterError, TextError
from .limits import bucket
from .noise import UtteranceNoise
from .parameters import SynthesisParameters
from .speed import change_speed
from .utterances import Utterance
from .voice import Voice

Samples = NDArray[np.float32]
Mel = NDArray[np.float32]


class Vocoder:
    """Runs WaveGlow on single utterances: on a CPU, batching saves nothing.

    Args:
        voice: properties of the checkpoint.
        vocode: the network: mel (1, M, T), mel_length (1, 1), z (1, groups, columns) to audio (1, T * hop).
        denoise: audio (1, N), audio_length (1, 1) and strength (1, 1) to audio (1, N), if there is one.
        frames_bucket: mel frames are padded to a multiple of it.
    """

    def __init__(self, voice: Voice, vocode: Network, denoise: Network | None, frames_bucket: int) -> None:
        self.voice = voice
        self._vocode = vocode
        self._denoise = denoise
        self._frames_bucket = frames_bucket

    def audio(self, utterance: Utterance, mel: Mel, seed: int, parameters: SynthesisParameters) -> Samples:
        """Return the samples of an utterance.

        Args:
            utterance: its number and the seed determine the noise.
            mel: (M, T) float32.
            seed: of the utterance's text.
            parameters: of the request.

        Returns:
            (N,) float32, N = frames after the change of speed * hop.

        Raises:
            TextError: the vocoder's output is not finite.
            ParameterError: denoising was requested, but the voice has no denoiser.
        """
        voice = self.voice
        if parameters.denoise and self._denoise is None:
            raise ParameterError(
                f"parameter denoise: expected none, this voice has no denoiser, got {parameters.denoise:g}; "
                "leave it out."
            )
        mel = change_speed(mel, parameters.speed)
        frames = mel.shape[1]
        padded = np.full((1, voice.mels, bucket(frames, self._frames_bucket)), voice.silence, np.float32)
        padded[0, :, :frames] = mel
        z = UtteranceNoise(seed, utterance.number).latent(
            voice.latent_columns(padded.shape[2]), voice.groups, parameters.sigma
        )
        (audio,) = self._vocode(padded, np.array([[frames]], np.int64), z[np.newaxis])
        audio = audio[:, : frames * voice.hop_samples]
        if not np.isfinite(audio.sum()):
            raise TextError(
                f"{utterance}: expected finite samples from the vocoder, got NaN or infinity; "
                "send another seed or a smaller sigma."
            )
        if parameters.denoise and self._denoise:
            strength = np.array([[parameters.denoise]], np.float32)
            (audio,) = self._denoise(audio, np.array([[audio.shape[1]]], np.int64), strength)
        samples: Samples = audio[0].copy()  # copied from the server's memory
        return samples
