"""The graph against NeMo's network: a fixed number of decoder steps, with encoder and postnet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.families.tacotron2 import MODEL
from export.families.tacotron2.settings import autoregressive
from export.synthesis.voice import installed_voice
from tritone.synthesis.voice import Voice

ROWS = 4
SYMBOLS = 200  # a gate of random weights (random_checkpoint) never fires past about 190
LETTERS = 26  # symbols that every symbol set has


def work(voice: Voice, steps: int) -> Work:
    """Return symbols for which the gate never fires, and the prenet units to keep at each step."""
    settings = autoregressive(voice)
    generator, units = np.random.default_rng(0), (ROWS, steps, settings.prenet_layers, settings.prenet_units)
    inputs: dict[str, NDArray[Any]] = {
        "symbols": generator.integers(1, LETTERS, (ROWS, SYMBOLS)),
        "symbols_length": np.full((ROWS, 1), SYMBOLS, np.int64),
        "dropout": generator.integers(0, 2, units).astype(np.float32),
    }
    return Work(inputs, steps * settings.frames_per_step, f"{SYMBOLS} symbols, {steps} steps")


def nemo(model: Any, inputs: dict[str, Any]) -> Callable[[int], int]:
    """Return a function that computes spectrograms of a number of rows."""
    import torch

    model.decoder.max_decoder_steps = inputs["dropout"].shape[1]
    symbols = torch.from_numpy(inputs["symbols"])

    def run(batch_size: int) -> int:
        with torch.inference_mode():
            mel = model.generate_spectrogram(tokens=symbols[:batch_size])
        return int(mel.shape[2])

    return run


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
