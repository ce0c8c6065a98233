"""Spectrograms step by step: batches for the decoder, and a retry for utterances that do not end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .limits import DurationLimit
from .noise import UtteranceNoise
from .parameters import SynthesisParameters
from .spectrograms import Mel, check_symbols
from .speed import change_speed
from .utterances import Utterance, stack_symbols
from .voice import Autoregressive, Voice

Decode = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]], Sequence[NDArray[Any]]]

INPUTS = ("symbols", "symbols_length", "dropout")
_ATTEMPTS = 2  # with other noise, decoding often ends


class AutoregressiveDecoder:
    """Runs Tacotron 2 over batches of utterances; the speed is changed afterwards.

    Args:
        voice: properties of the checkpoint.
        settings: those of the spectrogram model.
        decode: the network: symbols (B, S), symbols_length (B, 1) and dropout (B, L, layers, units) to mel
            (B, M, T) and mel_length (B, 1); at most L steps.
        limit: on the duration of an utterance.
        symbols_bucket: symbols are padded to a multiple of it.
    """

    def __init__(
        self,
        voice: Voice,
        settings: Autoregressive,
        decode: Decode,
        limit: DurationLimit,
        symbols_bucket: int,
    ) -> None:
        self._voice = voice
        self._settings = settings
        self._decode = decode
        self._limit = limit
        self.symbols_bucket = symbols_bucket

    def mels(
        self, batch: Sequence[Utterance], seeds: Sequence[int], parameters: SynthesisParameters
    ) -> list[Mel]:
        """Make spectrograms, see `SpectrogramMaker`.

        Raises:
            TextError: symbols that the voice does not have; or an utterance for which decoding did not end,
                or gave no frames, in all attempts.
        """
        for utterance in batch:
            check_symbols(utterance, self._voice)
        found: dict[Utterance, Mel] = {}
        for attempt in range(_ATTEMPTS):
            missing = [utterance for utterance in batch if utterance not in found]
            if not missing:
                break
            noises = [UtteranceNoise(seeds[item.text], item.number, attempt) for item in missing]
            found.update(self._attempt(missing, noises))
        for utterance in batch:
            if utterance not in found:
                raise TextError(self._endless(utterance))
        return [change_speed(found[utterance], parameters.speed) for utterance in batch]

    def _attempt(self, batch: Sequence[Utterance], noises: Sequence[UtteranceNoise]) -> dict[Utterance, Mel]:
        """Return the spectrograms of the utterances for which decoding ended."""
        settings = self._settings
        symbols, symbols_length = stack_symbols(batch, self.symbols_bucket)
        limit = self._limit.frames(symbols.shape[1], self._voice)
        steps = settings.steps(limit)
        dropout = [
            noise.dropout(steps, settings.prenet_layers, settings.prenet_units, settings.dropout)
            for noise in noises
        ]
        mel, mel_length = self._decode(symbols, symbols_length, np.stack(dropout))
        return {
            utterance: row[:, :frames].copy()
            for utterance, row, frames in zip(batch, mel, mel_length[:, 0].tolist(), strict=True)
            if 0 < frames < limit
        }

    def _endless(self, utterance: Utterance) -> str:
        padded = stack_symbols([utterance], self.symbols_bucket)[0].shape[1]
        seconds = self._limit.frames(padded, self._voice) * self._voice.frame_s
        return (
            f"{utterance}: expected its {utterance.symbols.size} symbols to take up to {seconds:.1f} s, "
            f"decoding gave no frames or did not end in {_ATTEMPTS} attempts; "
            "shorten or reword it, or send another seed."
        )
