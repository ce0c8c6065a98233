"""Limits on the length of an utterance, at which decoding stops."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .voice import Voice

SYMBOLS_PER_STEP = 2  # per decoder step: faster than any speech


def bucket(length: int, size: int) -> int:
    """Round a length up to a multiple of `size`, so that the batcher sees equal shapes."""
    return -(-length // size) * size


@dataclass(frozen=True)
class StepLimit:
    """Limit on the decoder steps of an utterance."""

    base_s: float  # allowance for pauses, seconds
    symbol_s: float  # longest duration of a symbol, seconds

    def steps(self, symbols: int, voice: Voice) -> int:
        """Return the limit for a number of symbols, at most the checkpoint's own."""
        seconds = self.base_s + symbols * self.symbol_s
        return min(math.ceil(seconds / voice.step_s), voice.max_steps)


def longest_symbols(voice: Voice) -> int:
    """Return the most symbols that an utterance may have."""
    return SYMBOLS_PER_STEP * voice.max_steps
