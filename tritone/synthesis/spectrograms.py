"""Mel spectrograms from symbols, whichever kind of network makes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .parameters import SynthesisParameters
from .utterances import Utterance
from .voice import Voice

Mel = NDArray[np.float32]


class SpectrogramMaker(Protocol):
    """Makes the spectrograms of a batch of utterances."""

    symbols_bucket: int  # symbols are padded to a multiple of it

    def mels(
        self, batch: Sequence[Utterance], seeds: Sequence[int], parameters: SynthesisParameters
    ) -> list[Mel]:
        """Make spectrograms for utterances of one bucket of lengths.

        Args:
            batch: utterances.
            seeds: of the texts that they belong to, by text.
            parameters: of the request.

        Returns:
            (M, T) float32 for each, without padding, at the requested speed.

        Raises:
            TextError: symbols that the voice does not have, or an utterance that got no frames or too many.
        """

    def opening(self, utterance: Utterance, seed: int) -> Mel | None:
        """Make the beginning of an utterance at speed 1, where that is quicker than the whole.

        Args:
            utterance: to speak.
            seed: of its text.

        Returns:
            (M, T) float32, the first frames of the whole; None where there is no shorter way.

        Raises:
            TextError: as `mels` does.
        """


def check_symbols(utterance: Utterance, voice: Voice) -> None:
    """Check that the voice has an utterance's symbols, and that there are not too many.

    Raises:
        TextError: otherwise.
    """
    low, high = int(utterance.symbols.min()), int(utterance.symbols.max())
    if low < 0 or high >= voice.vocabulary:
        raise TextError(
            f"{utterance}: expected symbols from 0 to {voice.vocabulary - 1}, got {low} to {high}; "
            "send the tokenizer's outputs."
        )
    most = voice.spectrograms.longest_symbols
    if utterance.symbols.size > most:
        raise TextError(
            f"{utterance}: expected at most {most} symbols, the limit of the voice's spectrogram model, got "
            f"{utterance.symbols.size}; send the tokenizer's outputs."
        )
