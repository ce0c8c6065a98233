"""Samples from mel spectrograms: noise, vocoder, denoiser."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Network
from ..errors import TextError
from .chunks import denoiser_context, vocoder_context
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
        return self.section(utterance, mel, (0, mel.shape[1]), seed, parameters)

    def section(
        self,
        utterance: Utterance,
        mel: Mel,
        frames: tuple[int, int],
        seed: int,
        parameters: SynthesisParameters,
    ) -> Samples:
        """Return the samples of some frames of an utterance, the same as `audio` has for them.

        Args:
            utterance: as for `audio`.
            mel: (M, T) float32: the whole utterance, or its beginning up to `reach` frames after the section.
            frames: first frame of the section, and the frame after its last.
            seed: as for `audio`.
            parameters: as for `audio`.

        Returns:
            (N,) float32, N = frames * hop.

        Raises:
            TextError: the vocoder's output is not finite.
        """
        total, hop = mel.shape[1], self.voice.hop_samples
        kept = _widened(frames, self._margin(parameters), total)
        given = _widened(kept, vocoder_context(self.voice), total)
        audio = self._vocoded(utterance, mel, given, seed, parameters)
        audio = audio[:, (kept[0] - given[0]) * hop : (kept[1] - given[0]) * hop]
        if parameters.denoise and self._denoise:
            strength = np.array([[parameters.denoise]], np.float32)
            (audio,) = self._denoise(audio, np.array([[audio.shape[1]]], np.int64), strength)
        wanted = slice((frames[0] - kept[0]) * hop, (frames[1] - kept[0]) * hop)
        samples: Samples = audio[0, wanted].copy()  # copied from the server's memory
        return samples

    def reach(self, parameters: SynthesisParameters) -> int:
        """Return how many frames after a section its samples depend on."""
        return self._margin(parameters) + vocoder_context(self.voice)

    def _margin(self, parameters: SynthesisParameters) -> int:
        """Return how many frames on each side of a section the denoiser needs."""
        return denoiser_context(self.voice) if parameters.denoise and self._denoise else 0

    def _vocoded(
        self,
        utterance: Utterance,
        mel: Mel,
        given: tuple[int, int],
        seed: int,
        parameters: SynthesisParameters,
    ) -> Samples:
        """Run the network on some frames, with the noise that belongs to them: (1, N) float32."""
        voice, (start, stop) = self.voice, given
        frames = stop - start
        padded = np.full((1, voice.mels, bucket(frames, self._frames_bucket)), voice.silence, np.float32)
        padded[0, :, :frames] = mel[:, start:stop]
        noise = []
        if isinstance(voice.vocoder, Flow):
            sigma = voice.vocoder.sigma if parameters.sigma is None else parameters.sigma
            columns = voice.latent_columns(start + padded.shape[2])
            z = UtteranceNoise(seed, utterance.number).latent(columns, voice.vocoder.groups, sigma)
            noise.append(np.ascontiguousarray(z[np.newaxis, :, voice.latent_columns(start) :]))
        (audio,) = self._vocode(padded, np.array([[frames]], np.int64), *noise)
        audio = audio[:, : frames * voice.hop_samples]
        if not np.isfinite(audio.sum()):
            remedy = "send another seed or a smaller sigma" if noise else "reword it"
            raise TextError(
                f"{utterance}: expected finite samples from the vocoder, got NaN or infinity; {remedy}."
            )
        return audio


def _widened(frames: tuple[int, int], context: int, total: int) -> tuple[int, int]:
    """Return a section with `context` frames on each side, as far as there are any."""
    return max(0, frames[0] - context), min(total, frames[1] + context)
