"""Spectrograms step by step: batches for the decoder, and a retry for utterances that do not end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import TextError
from .chunks import opening_steps
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
        self._opening = opening_steps(voice)

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
            found.update(self._attempt(missing, seeds, attempt))
        for utterance in batch:
            if utterance not in found:
                raise TextError(self._endless(utterance))
        return [change_speed(found[utterance], parameters.speed) for utterance in batch]

    def opening(self, utterance: Utterance, seed: int) -> Mel | None:
        """Decode the beginning of an utterance at speed 1.

        Args:
            utterance: to decode.
            seed: of its text.

        Returns:
            (M, T) float32, the first frames of what `mels` gives; None if the utterance is not longer than
            what would be decoded.

        Raises:
            TextError: symbols that the voice does not have.
        """
        check_symbols(utterance, self._voice)
        settings, steps = self._settings, self._opening
        mel, mel_length = self._decode(
            *stack_symbols([utterance], self.symbols_bucket), self._dropout(utterance, seed, 0, steps)[None]
        )
        frames = steps * settings.frames_per_step
        if mel_length[0, 0] < frames:
            return None
        beginning: Mel = mel[0, :, : frames - settings.context_frames].copy()
        return beginning

    def _attempt(
        self, batch: Sequence[Utterance], seeds: Sequence[int], attempt: int
    ) -> dict[Utterance, Mel]:
        """Return the spectrograms of the utterances for which decoding ended."""
        symbols, symbols_length = stack_symbols(batch, self.symbols_bucket)
        limit = self._limit.frames(symbols.shape[1], self._voice)
        steps = self._settings.steps(limit)
        dropout = [self._dropout(item, seeds[item.text], attempt, steps) for item in batch]
        mel, mel_length = self._decode(symbols, symbols_length, np.stack(dropout))
        return {
            utterance: row[:, :frames].copy()
            for utterance, row, frames in zip(batch, mel, mel_length[:, 0].tolist(), strict=True)
            if 0 < frames < limit
        }

    def _dropout(self, utterance: Utterance, seed: int, attempt: int, steps: int) -> NDArray[np.float32]:
        """Return the noise of an attempt: (steps, layers, units) float32.

        A second attempt begins as the first one did, since a stream may already have sent that beginning.
        """
        settings = self._settings
        shape = settings.prenet_layers, settings.prenet_units, settings.dropout
        noise = UtteranceNoise(seed, utterance.number, attempt).dropout(steps, *shape)
        if attempt:
            first = UtteranceNoise(seed, utterance.number).dropout(min(self._opening, steps), *shape)
            noise[: len(first)] = first
        return noise

    def _endless(self, utterance: Utterance) -> str:
        padded = stack_symbols([utterance], self.symbols_bucket)[0].shape[1]
        seconds = self._limit.frames(padded, self._voice) * self._voice.frame_s
        return (
            f"{utterance}: expected its {utterance.symbols.size} symbols to take up to {seconds:.1f} s, "
            f"decoding gave no frames or did not end in {_ATTEMPTS} attempts; "
            "shorten or reword it, or send another seed."
        )
