"""The engine of Tacotron 2, whose loop is limited by the text and the voice's settings."""

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
from export.tensorrt.samples import SEED, Arrays, Reference
from export.tensorrt.verification import Row, joined, valid_rows
from export.verification import max_abs, relative_l2
from tritone.synthesis.noise import UtteranceNoise
from tritone.synthesis.voice import Autoregressive

STEPS = 4  # difference in steps that is allowed per row
MEL_L2 = 0.05  # the network feeds its output back, so that small differences grow
ALIGNMENT_ABS = 0.15


@dataclass(frozen=True)
class Tacotron2Engine(EngineModel):
    """Symbols to spectrograms."""

    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Symbols (B, S), symbols_length (B, 1) and dropout (B, L, layers, units)."""
        limits = VoiceLimits.of(repository, self.name)
        settings, symbols = half_of(limits.voice, Autoregressive), limits.symbols_range
        usual, most = (settings.steps(limits.frames(count)) for count in symbols[1:])
        return {
            "symbols": shape_range(batch, symbols),
            "symbols_length": shape_range(batch, 1),
            "dropout": shape_range(batch, (1, usual, most), settings.prenet_layers, settings.prenet_units),
        }

    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Utterances in the checkpoint's symbols."""
        limits = VoiceLimits.of(repository, self.name)
        rows, settings = sample_symbols(limits), half_of(limits.voice, Autoregressive)
        count, width = rows["symbols"].shape
        steps = settings.steps(limits.frames(width))
        units = (settings.prenet_layers, settings.prenet_units, settings.dropout)
        noise = [UtteranceNoise(SEED, number).dropout(steps, *units) for number in range(count)]
        return {**rows, "dropout": np.stack(noise)}

    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Lengths, and spectrogram, attention and gate over the steps that both have.

        Where a gate is near its threshold a row may end a few steps earlier or later; what both have is
        compared.
        """
        made, wanted = measured["mel_length"], expected["mel_length"]
        shared, sides = np.minimum(made, wanted), (measured, expected)
        per_step = max(1, expected["mel"].shape[2] // max(1, expected["gate"].shape[1]))
        mels = [joined(valid_rows(side["mel"], shared, 1)) for side in sides]
        looks = [joined(valid_rows(side["alignment"], shared // per_step, 0)) for side in sides]
        gates = [joined(valid_rows(side["gate"], shared // per_step, 0)) for side in sides]
        return [
            ("mel_length", "steps at most", float(np.abs(made - wanted).max(initial=0)) / per_step, STEPS),
            ("mel", "relative L2", relative_l2(*mels), MEL_L2),
            ("alignment", "max abs", max_abs(*looks), ALIGNMENT_ABS),
            ("gate", "max abs", max_abs(*gates), None),
        ]
