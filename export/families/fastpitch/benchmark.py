"""The graph against NeMo's network, on random symbols."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.comparison import Comparison, Work
from export.families.fastpitch import MODEL
from export.synthesis.benchmark import nemo_spectrograms

ROWS = 4
LETTERS = 26  # symbols that every symbol set has


def work(symbols: int) -> Work:
    """Return rows of symbols at normal pace and pitch."""
    inputs: dict[str, NDArray[Any]] = {
        "symbols": np.random.default_rng(0).integers(1, LETTERS, (ROWS, symbols)),
        "symbols_length": np.full((ROWS, 1), symbols, np.int64),
        "pace": np.ones((ROWS, 1), np.float32),
        "pitch": np.zeros((ROWS, symbols), np.float32),
    }
    return Work(inputs, symbols, f"{symbols} symbols", unit="symbols")


COMPARISON = Comparison(
    MODEL,
    ("mel", "mel_length"),
    (1, ROWS),
    at_least=1.3,
    sizes=("full",),
    amount=120,
    work=lambda repository, symbols: work(symbols),
    nemo=nemo_spectrograms,
)
