"""The engine of WaveGlow: up to as many frames as the voice's other half can output, at the slowest speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from polygraphy.backend.trt import ShapeTuple

from export.synthesis.halves import half_of
from export.synthesis.limits import VoiceLimits
from export.synthesis.vocoder_engine import compare_audio, sample_mels
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import SEED, Arrays, Reference
from export.tensorrt.verification import Row
from tritone.synthesis.noise import UtteranceNoise
from tritone.synthesis.voice import Flow

AUDIO_L2 = 0.05


@dataclass(frozen=True)
class WaveGlowEngine(EngineModel):
    """Spectrograms and noise to audio."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Mel (B, M, T), mel_length (B, 1) and z (B, G, columns), with the columns that the frames need."""
        limits = VoiceLimits.of(repository, self.name)
        voice, frames = limits.voice, limits.vocoder_frames()
        low, usual_columns, high = (voice.latent_columns(count) for count in frames)
        return {
            "mel": shape_range(batch, voice.mels, frames),
            "mel_length": shape_range(batch, 1),
            "z": shape_range(batch, half_of(voice, Flow).groups, (low, usual_columns, high)),
        }

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Spectrograms by the voice's other half, cut to a few seconds, and noise."""
        limits = VoiceLimits.of(repository, self.name)
        spectrograms, settings = (
            sample_mels(repository, self.name, limits, reference),
            half_of(limits.voice, Flow),
        )
        rows, _, frames = spectrograms["mel"].shape
        columns = limits.voice.latent_columns(frames)
        noise = [
            UtteranceNoise(SEED, number).latent(columns, settings.groups, settings.sigma)
            for number in range(rows)
        ]
        return {**spectrograms, "z": np.stack(noise)}

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Samples, and silence after them."""
        return compare_audio(measured, expected, AUDIO_L2)
