"""Seeded noise for an utterance; the networks themselves draw no random numbers.

The noise depends only on the seed and the utterance's number in the text, not on its batch. It is drawn step
by step and column by column, so that a longer array starts with the values of a shorter one.
"""

from __future__ import annotations

import numpy as np
from numpy.random import PCG64, Generator, SeedSequence
from numpy.typing import NDArray

_DROPOUT, _VOCODER = 0, 1  # streams


class UtteranceNoise:
    """The noise of one attempt at one utterance.

    Args:
        seed: of the text, 0 to 2**63 - 1.
        utterance: index in the text, from 0.
        attempt: 0, or 1 for the retry of an utterance that did not end.
    """

    def __init__(self, seed: int, utterance: int, attempt: int = 0) -> None:
        self._seed = seed
        self._key = (utterance, attempt)

    def dropout(self, steps: int, layers: int, units: int, probability: float) -> NDArray[np.float32]:
        """Draw the dropout mask of the prenet.

        Returns:
            (steps, layers, units) float32: 0 with `probability`, else 1.
        """
        draws = self._generator(_DROPOUT).random((steps, layers, units), dtype=np.float32)
        return (draws >= probability).astype(np.float32)

    def latent(self, columns: int, rows: int, sigma: float) -> NDArray[np.float32]:
        """Draw the vocoder's z.

        Returns:
            (rows, columns) float32, normal with standard deviation `sigma`.
        """
        draws = self._generator(_VOCODER).standard_normal((columns, rows), dtype=np.float32)
        return np.ascontiguousarray((draws * np.float32(sigma)).T)

    def _generator(self, stream: int) -> Generator:
        return Generator(PCG64(SeedSequence(self._seed, spawn_key=(*self._key, stream))))
