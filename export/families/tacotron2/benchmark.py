"""The graph against NeMo's network: a fixed number of decoder steps, with encoder and postnet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.families.tacotron2 import MODEL
from export.synthesis.benchmark import nemo_spectrograms
from export.synthesis.halves import half_of
from export.synthesis.voice import installed_voice
from tritone.synthesis.voice import Autoregressive, Voice

ROWS = 4
SYMBOLS = 200  # a gate of random weights (random_checkpoint) never fires past about 190
LETTERS = 26  # symbols that every symbol set has


def work(voice: Voice, steps: int) -> Work:
    """Return symbols for which the gate never fires, and the prenet units to keep at each step."""
    settings = half_of(voice, Autoregressive)
    generator, units = np.random.default_rng(0), (ROWS, steps, settings.prenet_layers, settings.prenet_units)
    inputs: dict[str, NDArray[Any]] = {
        "symbols": generator.integers(1, LETTERS, (ROWS, SYMBOLS)),
        "symbols_length": np.full((ROWS, 1), SYMBOLS, np.int64),
        "dropout": generator.integers(0, 2, units).astype(np.float32),
    }
    return Work(inputs, steps * settings.frames_per_step, f"{SYMBOLS} symbols, {steps} steps")


def nemo(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes spectrograms of a number of rows."""
    model.decoder.max_decoder_steps = inputs["dropout"].shape[1]
    return nemo_spectrograms(model, inputs)


COMPARISON = Comparison(
    MODEL,
    ("mel", "mel_length"),
    (1, ROWS),
    at_least=3.0,
    sizes=("full",),
    amount=400,
    work=lambda repository, steps: work(installed_voice(repository), steps),
    nemo=nemo,
)
