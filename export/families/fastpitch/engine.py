"""The engine of FastPitch, whose frames follow from the durations that it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from polygraphy.backend.trt import ShapeTuple

from export.synthesis.halves import half_of
from export.synthesis.limits import VoiceLimits
from export.synthesis.utterances import sample_symbols
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Axis, shape_range
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import Arrays, Reference
from export.tensorrt.verification import Row, joined, valid_rows
from export.verification import relative_l2
from tritone.synthesis.voice import Parallel

DURATION_FRAMES = 1  # a duration near one half may be rounded to either side
MEL_L2 = 0.05


@dataclass(frozen=True)
class FastPitchEngine(EngineModel):
    """Symbols to spectrograms."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Symbols and pitch (B, S); symbols_length, pace and, if there are several, speaker (B, 1)."""
        limits = VoiceLimits.of(repository, self.name)
        shapes = {
            "symbols": shape_range(batch, limits.symbols_range),
            "symbols_length": shape_range(batch, 1),
            "pace": shape_range(batch, 1),
            "pitch": shape_range(batch, limits.symbols_range),
        }
        return shapes | (
            {"speaker": shape_range(batch, 1)} if half_of(limits.voice, Parallel).speakers else {}
        )

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Utterances in the checkpoint's symbols, at its own pace and pitch."""
        limits = VoiceLimits.of(repository, self.name)
        rows = sample_symbols(limits)
        count = len(rows["symbols"])
        rows |= {
            "pace": np.ones((count, 1), np.float32),
            "pitch": np.zeros(rows["symbols"].shape, np.float32),
        }
        known = half_of(limits.voice, Parallel).speakers
        return rows | ({"speaker": np.arange(count).reshape(-1, 1) % known} if known else {})

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Durations, and the spectrograms of rows whose durations are equal."""
        made, wanted = measured["durations"], expected["durations"]
        same = np.flatnonzero((made == wanted).all(axis=1))
        length = expected["mel_length"][same]
        mels = [joined(valid_rows(side["mel"][same], length, 1)) for side in (measured, expected)]
        return [
            ("durations", "frames at most", float(np.abs(made - wanted).max(initial=0)), DURATION_FRAMES),
            ("durations", "share of rows that differ", 1.0 - len(same) / len(wanted), 0.5),
            ("mel", "relative L2", relative_l2(*mels), MEL_L2),
        ]
