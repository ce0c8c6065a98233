"""The engine of HiFi-GAN: up to as many frames as the voice's other half can output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from polygraphy.backend.trt import ShapeTuple

from export.synthesis.limits import VoiceLimits
from export.synthesis.vocoder_engine import compare_audio, sample_mels
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import Arrays, Reference
from export.tensorrt.verification import Row

AUDIO_L2 = 0.05


@dataclass(frozen=True)
class HifiGanEngine(EngineModel):
    """Spectrograms to audio."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Mel (B, M, T) and mel_length (B, 1)."""
        limits = VoiceLimits.of(repository, self.name)
        return {
            "mel": shape_range(batch, limits.voice.mels, limits.vocoder_frames()),
            "mel_length": shape_range(batch, 1),
        }

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Spectrograms by the voice's other half, cut to a few seconds."""
        return sample_mels(repository, self.name, VoiceLimits.of(repository, self.name), reference)

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Samples, and silence after them."""
        return compare_audio(measured, expected, AUDIO_L2)
