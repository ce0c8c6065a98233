"""Mel spectrograms from symbols: batches for the decoder, and a retry for utterances that do not end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .limits import SYMBOLS_PER_STEP, StepLimit, longest_symbols
from .noise import UtteranceNoise
from .utterances import Utterance, stack_symbols
from .voice import Voice

Mel = NDArray[np.float32]
Decode = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]], Sequence[NDArray[Any]]]

_ATTEMPTS = 2  # with other noise, decoding often ends


class SpectrogramDecoder:
    """Runs Tacotron 2 over batches of utterances.

    Args:
        voice: properties of the checkpoint.
        decode: the network: symbols (B, S), symbols_length (B, 1) and dropout (B, L, layers, units) to mel
            (B, M, T) and mel_length (B, 1); at most L steps.
        limit: on the decoder steps of an utterance.
        symbols_bucket: symbols are padded to a multiple of it.
    """

    def __init__(self, voice: Voice, decode: Decode, limit: StepLimit, symbols_bucket: int) -> None:
        self._voice = voice
        self._decode = decode
        self._limit = limit
        self.symbols_bucket = symbols_bucket

    def mels(self, batch: Sequence[Utterance], seeds: Sequence[int]) -> list[Mel]:
        """Decode utterances of one bucket of lengths.

        Args:
            batch: utterances.
            seeds: of the texts that they belong to, by text.

        Returns:
            (M, T) float32 for each, without padding.

        Raises:
            TextError: symbols that the voice does not have; or an utterance for which decoding did not end,
                or gave no frames, in all attempts.
        """
        for utterance in batch:
            self._check(utterance)
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
        return [found[utterance] for utterance in batch]

    def _check(self, utterance: Utterance) -> None:
        low, high = int(utterance.symbols.min()), int(utterance.symbols.max())
        if low < 0 or high >= self._voice.vocabulary:
            raise TextError(
                f"{utterance}: expected symbols from 0 to {self._voice.vocabulary - 1}, got {low} to {high}; "
                "send the tokenizer's outputs."
            )
        most = longest_symbols(self._voice)
        if utterance.symbols.size > most:
            raise TextError(
                f"{utterance}: expected at most {most} symbols, {SYMBOLS_PER_STEP} for each step that the "
                f"voice's decoder makes at most, got {utterance.symbols.size}; send the tokenizer's outputs."
            )

    def _attempt(self, batch: Sequence[Utterance], noises: Sequence[UtteranceNoise]) -> dict[Utterance, Mel]:
        """Return the spectrograms of the utterances for which decoding ended."""
        voice = self._voice
        symbols, symbols_length = stack_symbols(batch, self.symbols_bucket)
        steps = self._limit.steps(symbols.shape[1], voice)
        dropout = [
            noise.dropout(steps, voice.prenet_layers, voice.prenet_units, voice.dropout) for noise in noises
        ]
        mel, mel_length = self._decode(symbols, symbols_length, np.stack(dropout))
        return {
            utterance: row[:, :frames].copy()
            for utterance, row, frames in zip(batch, mel, mel_length[:, 0].tolist(), strict=True)
            if 0 < frames < steps * voice.frames_per_step
        }

    def _endless(self, utterance: Utterance) -> str:
        padded = stack_symbols([utterance], self.symbols_bucket)[0].shape[1]
        seconds = self._limit.steps(padded, self._voice) * self._voice.step_s
        return (
            f"{utterance}: expected its {utterance.symbols.size} symbols to take up to {seconds:.1f} s, "
            f"decoding gave no frames or did not end in {_ATTEMPTS} attempts; "
            "shorten or reword it, or send another seed."
        )
