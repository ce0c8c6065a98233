"""Spectrograms in one pass, at the requested pace and pitch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .limits import DurationLimit
from .parameters import SynthesisParameters
from .spectrograms import Mel, check_symbols
from .utterances import Utterance, stack_symbols
from .voice import Parallel, Voice

Compute = Callable[..., Sequence[NDArray[Any]]]


def inputs(settings: Parallel) -> list[str]:
    """Return the names of the network's inputs, in the order in which they are given to it."""
    return ["symbols", "symbols_length", "pace", "pitch", *(["speaker"] if settings.speakers else [])]


class ParallelSpectrograms:
    """Runs FastPitch over batches of utterances.

    Args:
        voice: properties of the checkpoint.
        settings: those of the spectrogram model.
        compute: the network: symbols (B, S), symbols_length (B, 1), pace (B, 1), pitch (B, S) and, for a
            checkpoint of several speakers, speaker (B, 1) to mel (B, M, T) and mel_length (B, 1).
        limit: on the duration of an utterance at speed 1.
        symbols_bucket: symbols are padded to a multiple of it.
    """

    def __init__(
        self, voice: Voice, settings: Parallel, compute: Compute, limit: DurationLimit, symbols_bucket: int
    ) -> None:
        self._voice = voice
        self._settings = settings
        self._compute = compute
        self._limit = limit
        self.symbols_bucket = symbols_bucket

    def opening(self, utterance: Utterance, seed: int) -> Mel | None:
        """Return None: a whole utterance takes no longer."""
        return None

    def mels(
        self, batch: Sequence[Utterance], seeds: Sequence[int], parameters: SynthesisParameters
    ) -> list[Mel]:
        """Make spectrograms, see `SpectrogramMaker`; the seeds have no effect.

        Raises:
            TextError: symbols that the voice does not have, or an utterance without frames or with too many.
        """
        for utterance in batch:
            check_symbols(utterance, self._voice)
        symbols, symbols_length = stack_symbols(batch, self.symbols_bucket)
        arrays = [
            symbols,
            symbols_length,
            np.full((len(batch), 1), parameters.speed, np.float32),
            np.full(symbols.shape, parameters.pitch or 0.0, np.float32),
        ]
        if self._settings.speakers:
            arrays.append(np.full((len(batch), 1), parameters.speaker or 0, np.int64))
        mel, mel_length = self._compute(*arrays)
        limit = self._limit.frames(symbols.shape[1], self._voice) / parameters.speed
        frame_s = self._voice.frame_s
        for utterance, frames in zip(batch, mel_length[:, 0].tolist(), strict=True):
            if not 0 < frames <= limit:
                raise TextError(
                    f"{utterance}: expected its {utterance.symbols.size} symbols to take up to "
                    f"{limit * frame_s:.1f} s, got {frames * frame_s:.1f} s; reword it."
                )
        return [row[:, :frames].copy() for row, frames in zip(mel, mel_length[:, 0].tolist(), strict=True)]
