"""Speech from texts of any length: the utterances of a request in batches, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ..concurrency import OrderedMap
from ..errors import CancelledError
from ..request_parameters import RequestParameter
from .joining import join_utterances
from .parameters import SynthesisParameters, declared_parameters
from .spectrograms import Mel, SpectrogramMaker
from .utterances import Utterance, plan_batches
from .vocoding import Samples, Vocoder
from .voice import Voice

Item = TypeVar("Item")


class SpeechSynthesizer:
    """Synthesizes texts that were split into utterances.

    Args:
        spectrograms: from symbols.
        vocoder: samples from mel spectrograms.
        utterances_per_batch: of the spectrogram model.
        batch_map: like `map`, over batches; may work ahead, and bounds the batches in memory.
        utterance_map: the same, over the utterances of a batch.
    """

    def __init__(
        self,
        spectrograms: SpectrogramMaker,
        vocoder: Vocoder,
        utterances_per_batch: int,
        batch_map: OrderedMap = map,
        utterance_map: OrderedMap = map,
    ) -> None:
        self._spectrograms = spectrograms
        self._vocoder = vocoder
        self._utterances_per_batch = utterances_per_batch
        self._batch_map = batch_map
        self._utterance_map = utterance_map

    @property
    def voice(self) -> Voice:
        """Properties of the checkpoints."""
        return self._vocoder.voice

    @property
    def parameters(self) -> tuple[RequestParameter, ...]:
        """The request parameters."""
        return declared_parameters(self.voice, denoiser=self._vocoder.has_denoiser)

    def speak(
        self,
        texts: Sequence[Sequence[Utterance]],
        parameters: SynthesisParameters,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> list[NDArray[np.float32]]:
        """Synthesize every text.

        Args:
            texts: the utterances of each.
            parameters: of the request, for all its texts.
            is_cancelled: checked before every batch and utterance.

        Returns:
            (N,) float32 in [-1, 1] for each text.

        Raises:
            TextError: an utterance that the voice cannot speak.
            CancelledError: `is_cancelled` returned True.
        """
        seeds = [parameters.text_seed() for _ in texts]

        def spoken(batch: Sequence[Utterance]) -> list[Samples]:
            pairs = zip(batch, self._spectrograms.mels(batch, seeds, parameters), strict=True)
            return list(self._utterance_map(audio, _until_cancelled(pairs, is_cancelled)))

        def audio(pair: tuple[Utterance, Mel]) -> Samples:
            utterance, mel = pair
            return self._vocoder.audio(utterance, mel, seeds[utterance.text], parameters)

        utterances = [utterance for text in texts for utterance in text]
        batches = plan_batches(utterances, self._spectrograms.symbols_bucket, self._utterances_per_batch)
        samples: dict[Utterance, Samples] = {}
        results = self._batch_map(spoken, _until_cancelled(batches, is_cancelled))
        for batch, result in zip(batches, results, strict=True):
            samples.update(zip(batch, result, strict=True))
        return [self._joined(text, samples) for text in texts]

    def _joined(self, text: Sequence[Utterance], samples: dict[Utterance, Samples]) -> NDArray[np.float32]:
        """Join the utterances of a text, and release them."""
        parts = [samples.pop(utterance) for utterance in text]
        pause_s = [utterance.pause_s for utterance in text]
        return join_utterances(parts, pause_s, self.voice.sample_rate_hz)


def _until_cancelled(items: Iterable[Item], is_cancelled: Callable[[], bool]) -> Iterator[Item]:
    for item in items:
        if is_cancelled():
            raise CancelledError("synthesis was cancelled by the client")
        yield item
