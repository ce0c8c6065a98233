"""The engine of WaveGlow: up to as many frames as the voice's other half can output, at the slowest speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from polygraphy.backend.trt import ShapeTuple

from export.synthesis.limits import VoiceLimits
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import SEED, Arrays, Reference
from export.tensorrt.verification import Row, joined, lengths_row, valid_rows
from export.verification import max_abs, relative_l2
from tritone.synthesis.limits import bucket
from tritone.synthesis.noise import UtteranceNoise

AUDIO_L2 = 0.05
VERIFIED_S = 3  # of speech


@dataclass(frozen=True)
class WaveGlowEngine(EngineModel):
    """Spectrograms and noise to audio."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Mel (B, M, T), mel_length (B, 1) and z (B, G, columns), with the columns that the frames need."""
        limits = VoiceLimits.of(repository, self.name)
        voice = limits.voice
        steps = limits.steps(limits.longest_symbols)
        usual = limits.steps(limits.usual_symbols)
        frames = (
            limits.frames_bucket,
            limits.frames(usual // 2),
            limits.frames(steps, limits.slowest_speed),
        )
        low, usual_columns, high = (voice.latent_columns(count) for count in frames)
        return {
            "mel": shape_range(batch, voice.mels, frames),
            "mel_length": shape_range(batch, 1),
            "z": shape_range(batch, voice.groups, (low, usual_columns, high)),
        }

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Spectrograms by the voice's other half, cut to a few seconds, and noise."""
        limits = VoiceLimits.of(repository, self.name)
        voice = limits.voice
        made = reference(repository.parameters(repository.caller(self.name)).name("spectrogram_model"))
        most = min(made["mel"].shape[2], VERIFIED_S * voice.sample_rate_hz // voice.hop_samples)
        most = bucket(most, limits.frames_bucket)
        length = np.minimum(made["mel_length"], most)
        mel = np.full((len(length), voice.mels, most), voice.silence, np.float32)
        mel[:, :, : made["mel"].shape[2]] = made["mel"][:, :, :most]
        columns = voice.latent_columns(most)
        noise = [
            UtteranceNoise(SEED, number).latent(columns, voice.groups, voice.sigma)
            for number in range(len(length))
        ]
        return {"mel": mel, "mel_length": length, "z": np.stack(noise)}

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Samples, and silence after them."""
        length = expected["audio_length"]
        rows = [joined(valid_rows(side["audio"], length, 0)) for side in (measured, expected)]
        after = [row[int(count) :] for row, count in zip(measured["audio"], length[:, 0], strict=True)]
        silent = joined(after)
        return [
            lengths_row("audio_length", measured, expected),
            ("audio", "relative L2", relative_l2(rows[0], rows[1]), AUDIO_L2),
            ("after the end", "max abs", max_abs(silent, np.zeros_like(silent)), 0.0),
        ]
