"""Limits on the length of an utterance, at which decoding stops."""

from __future__ import annotations

from dataclasses import dataclass

from .voice import Voice


def bucket(length: int, size: int) -> int:
    """Round a length up to a multiple of `size`, so that the batcher sees equal shapes."""
    return -(-length // size) * size


@dataclass(frozen=True)
class DurationLimit:
    """Limit on the duration of an utterance."""

    base_s: float  # allowance for pauses, seconds
    symbol_s: float  # longest duration of a symbol, seconds

    def frames(self, symbols: int, voice: Voice) -> int:
        """Return the limit for a number of symbols, in mel frames at speed 1."""
        seconds = self.base_s + symbols * self.symbol_s
        return voice.spectrograms.most_frames(seconds / voice.frame_s)
