"""Samples from mel spectrograms: noise, vocoder, denoiser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Network
from ..errors import TextError
from .limits import bucket
from .noise import UtteranceNoise
from .parameters import SynthesisParameters
from .spectrograms import Mel
from .utterances import Utterance
from .voice import Flow, Voice

Samples = NDArray[np.float32]


def inputs(voice: Voice) -> list[str]:
    """Return the names of the vocoder's inputs, in the order in which they are given to it."""
    return ["mel", "mel_length", *(["z"] if isinstance(voice.vocoder, Flow) else [])]


class Vocoder:
    """Runs a vocoder on single utterances: on a CPU, batching saves nothing.

    Args:
        voice: properties of the checkpoint.
        vocode: the network: mel (1, M, T), mel_length (1, 1) and, for a flow, z (1, groups, columns) to audio
            (1, T * hop).
        denoise: audio (1, N), audio_length (1, 1) and strength (1, 1) to audio (1, N), if there is one.
        frames_bucket: mel frames are padded to a multiple of it.
    """

    def __init__(self, voice: Voice, vocode: Network, denoise: Network | None, frames_bucket: int) -> None:
        self.voice = voice
        self._vocode = vocode
        self._denoise = denoise
        self._frames_bucket = frames_bucket

    @property
    def has_denoiser(self) -> bool:
        """Whether audio can be denoised."""
        return self._denoise is not None

    def audio(self, utterance: Utterance, mel: Mel, seed: int, parameters: SynthesisParameters) -> Samples:
        """Return the samples of an utterance.

        Args:
            utterance: its number and the seed determine the noise.
            mel: (M, T) float32.
            seed: of the utterance's text.
            parameters: of the request.

        Returns:
            (N,) float32, N = T * hop.

        Raises:
            TextError: the vocoder's output is not finite.
        """
        voice, frames = self.voice, mel.shape[1]
        padded = np.full((1, voice.mels, bucket(frames, self._frames_bucket)), voice.silence, np.float32)
        padded[0, :, :frames] = mel
        noise = []
        if isinstance(voice.vocoder, Flow):
            sigma = voice.vocoder.sigma if parameters.sigma is None else parameters.sigma
            columns = voice.latent_columns(padded.shape[2])
            z = UtteranceNoise(seed, utterance.number).latent(columns, voice.vocoder.groups, sigma)
            noise.append(z[np.newaxis])
        (audio,) = self._vocode(padded, np.array([[frames]], np.int64), *noise)
        audio = audio[:, : frames * voice.hop_samples]
        if not np.isfinite(audio.sum()):
            remedy = "send another seed or a smaller sigma" if noise else "reword it"
            raise TextError(
                f"{utterance}: expected finite samples from the vocoder, got NaN or infinity; {remedy}."
            )
        if parameters.denoise and self._denoise:
            strength = np.array([[parameters.denoise]], np.float32)
            (audio,) = self._denoise(audio, np.array([[audio.shape[1]]], np.int64), strength)
        samples: Samples = audio[0].copy()  # copied from the server's memory
        return samples
