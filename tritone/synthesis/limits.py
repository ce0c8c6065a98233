"""How long an utterance may take: the decoder is stopped where no voice would still be speaking."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .voice import Voice

SYMBOLS_PER_STEP = 2  # of the decoder: faster than anybody speaks


def bucket(length: int, size: int) -> int:
    """Round a length up to a whole number of buckets, so that equal shapes meet in a batch."""
    return -(-length // size) * size


@dataclass(frozen=True)
class StepLimit:
    """The decoder steps that an utterance gets."""

    base_s: float  # pauses around the words, seconds
    symbol_s: float  # the slowest that one symbol is ever spoken, seconds

    def steps(self, symbols: int, voice: Voice) -> int:
        """Return the limit for an utterance of so many symbols, never above the checkpoint's own."""
        seconds = self.base_s + symbols * self.symbol_s
        return min(math.ceil(seconds / voice.step_s), voice.max_steps)


def longest_symbols(voice: Voice) -> int:
    """Return the most symbols that an utterance may have."""
    return SYMBOLS_PER_STEP * voice.max_steps
