"""TensorRT engines of recognisers: shapes from configs and checkpoint, sound for verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from polygraphy.backend.trt import ShapeTuple

from export.recognition import FEATURES_MODEL
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import SEED, Arrays, Reference
from export.tensorrt.verification import Row, joined, lengths_row, valid_rows
from export.verification import disagreement, max_abs, relative_l2
from tritone.contract import MIN_AUDIO_S
from tritone.synthesis.limits import bucket

AUDIO_S = (0.02, 0.61, 3.3, 7.9)  # the shortest that is accepted, and mixed lengths
# Several times what the rules of `export.tensorrt.precision` cost on the bundled checkpoint.
FEATURES_ABS = 2e-3
LOG_PROBS_L2 = 0.01
LABELS = 0.02  # share of frames; two labels may be about equally probable


@dataclass(frozen=True)
class RecognitionLimits:
    """Shapes of a recogniser's front end and acoustic model."""

    mels: int  # bands
    sample_rate_hz: int
    hop_samples: int
    bucket_frames: int  # features are padded to a multiple of it
    window_s: float  # the longest section that is recognised at once

    @classmethod
    def of(cls, repository: RepositoryVersion, model: str) -> RecognitionLimits:
        """Read them for the recogniser that calls a model.

        Raises:
            EngineError: a config, a sidecar or something in them is missing.
        """
        recogniser = repository.caller(model)
        features = repository.parameters(recogniser).name("features_model")
        names = ("mels", "sample_rate_hz", "hop_samples", "bucket_frames")
        mels, rate_hz, hop, size = repository.sidecar(features, "features.json", *names)
        return cls(mels, rate_hz, hop, size, repository.parameters(recogniser).number("window_s"))

    @property
    def shortest_samples(self) -> int:
        """Samples of the shortest recording that is recognised."""
        return max(1, int(MIN_AUDIO_S * self.sample_rate_hz))

    @property
    def longest_samples(self) -> int:
        """Samples of the longest window."""
        return round(self.window_s * self.sample_rate_hz)

    def frames(self, samples: int) -> int:
        """Feature frames of so many samples, padding included."""
        return bucket(samples // self.hop_samples + 1, self.bucket_frames)


@dataclass(frozen=True)
class FeaturesEngine(EngineModel):
    """The log-mel front end.

    In float32: power spectra exceed the range of float16, and a logarithm is taken of the smallest values.
    """

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Audio (B, N) and audio_length (B, 1)."""
        limits = RecognitionLimits.of(repository, self.name)
        longest = limits.longest_samples
        return {
            "audio": shape_range(batch, (limits.shortest_samples, longest // 2, longest)),
            "audio_length": shape_range(batch, 1),
        }

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Sound between silence and full scale, of mixed lengths up to the longest window."""
        limits = RecognitionLimits.of(repository, self.name)
        seconds = [*(length for length in AUDIO_S if length < limits.window_s), limits.window_s]
        lengths = [max(limits.shortest_samples, round(length * limits.sample_rate_hz)) for length in seconds]
        audio = np.zeros((len(lengths), max(lengths)), np.float32)
        for row, length in enumerate(reversed(lengths)):
            audio[row, :length] = speech_like(length, limits.sample_rate_hz, row)
        return {"audio": audio, "audio_length": np.array(lengths[::-1], np.int64)[:, None]}

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Features, and their lengths."""
        values = [
            joined(valid_rows(side["features"], expected["features_length"], 1))
            for side in (measured, expected)
        ]
        return [
            lengths_row("features_length", measured, expected),
            ("features", "max abs", max_abs(*values), FEATURES_ABS),
        ]


@dataclass(frozen=True)
class AcousticEngine(EngineModel):
    """An acoustic model: features to log-probabilities."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Features (B, M, T) and features_length (B, 1)."""
        limits = RecognitionLimits.of(repository, self.name)
        frames = (
            limits.frames(limits.shortest_samples),
            limits.frames(limits.longest_samples // 2),
            limits.frames(limits.longest_samples),
        )
        return {"features": shape_range(batch, limits.mels, frames), "features_length": shape_range(batch, 1)}

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Features of the sound that the front end is verified with."""
        return reference(repository.parameters(repository.caller(self.name)).name("features_model"))

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Log-probabilities, and the best label of every frame."""
        rows = [
            valid_rows(side["log_probs"], expected["log_probs_length"], 0) for side in (measured, expected)
        ]
        best = [[label for row in side for label in row.argmax(axis=1).tolist()] for side in rows]
        return [
            lengths_row("log_probs_length", measured, expected),
            ("log_probs", "relative L2", relative_l2(joined(rows[0]), joined(rows[1])), LOG_PROBS_L2),
            ("best label", "frames differing", disagreement(best[0], best[1]), LABELS),
        ]


def front_end() -> FeaturesEngine:
    """The front end that recognisers are exported with."""
    return FeaturesEngine(FEATURES_MODEL, half=False)


def speech_like(samples: int, rate_hz: int, seed: int) -> NDArray[np.float32]:
    """Voiced and unvoiced sound in syllables with pauses: (samples,) float32 in [-1, 1]."""
    draws = np.random.default_rng([SEED, seed])
    time = np.arange(samples) / rate_hz
    pitch = 110 + 30 * np.sin(2 * np.pi * 0.7 * time + seed)
    phase = 2 * np.pi * np.cumsum(pitch) / rate_hz
    voiced = sum(np.sin(phase * k) / k for k in range(1, 25))
    noise = draws.normal(0, 0.3, samples)
    syllable = np.clip(np.sin(2 * np.pi * 3.1 * time), 0, None)
    pause = (np.sin(2 * np.pi * 0.23 * time + 0.4) > -0.8).astype(float)
    sound = (voiced * syllable + noise * (1 - syllable) * 0.3) * pause
    return (0.2 * sound + draws.normal(0, 1e-4, samples)).clip(-1, 1).astype(np.float32)
