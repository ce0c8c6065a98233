"""Speech in chunks while it is made: the first one early, the next utterances decoded while it sounds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..errors import CancelledError
from ..request_parameters import RequestParameter
from .chunks import FIRST_CHUNK_FRAMES, LARGEST_CHUNK_FRAMES, chunk_borders
from .joining import finished_edges, pause_samples
from .parameters import SynthesisParameters, declared_parameters
from .spectrograms import Mel, SpectrogramMaker
from .utterances import Utterance, plan_batches
from .vocoding import Samples, Vocoder
from .voice import Voice

IsCancelled = Callable[[], bool]


class StreamingSynthesizer:
    """Speaks texts in chunks that join to what `SpeechSynthesizer` gives for the same text and seed.

    Args:
        spectrograms: from symbols.
        vocoder: samples from mel spectrograms.
        utterances_per_batch: most utterances that the spectrogram model gets at once.
        streams: texts that are spoken at a time.
        utterances_ahead: utterances of a text after the one that is sent, that are made meanwhile.
    """

    def __init__(
        self,
        spectrograms: SpectrogramMaker,
        vocoder: Vocoder,
        utterances_per_batch: int,
        streams: int,
        utterances_ahead: int,
    ) -> None:
        self.spectrograms = spectrograms
        self.vocoder = vocoder
        self.utterances_per_batch = utterances_per_batch
        self.utterances_ahead = utterances_ahead
        # Vocoding waits for decoding, so the two must not share threads. Threads start when there is work.
        self.decoding = ThreadPoolExecutor(2 * streams, "decoding")
        self.vocoding = ThreadPoolExecutor(utterances_ahead * streams, "vocoding")

    @property
    def voice(self) -> Voice:
        """Properties of the checkpoints."""
        return self.vocoder.voice

    @property
    def parameters(self) -> tuple[RequestParameter, ...]:
        """The request parameters."""
        return declared_parameters(self.voice, denoiser=self.vocoder.has_denoiser)

    def start(self, parameters: SynthesisParameters, is_cancelled: IsCancelled) -> SpeechStream:
        """Return a stream for one text.

        Args:
            parameters: of the request; without a seed, one is drawn.
            is_cancelled: asked before every chunk.
        """
        return SpeechStream(self, replace(parameters, seed=parameters.text_seed()), is_cancelled)


class SpeechStream:
    """The speech of one text, whose utterances may come one after another.

    Args:
        synthesizer: of the voice.
        parameters: of the text, with a seed.
        is_cancelled: asked before every chunk.
    """

    def __init__(
        self, synthesizer: StreamingSynthesizer, parameters: SynthesisParameters, is_cancelled: IsCancelled
    ) -> None:
        self._synthesizer = synthesizer
        self._parameters = parameters
        self._seed = parameters.text_seed()
        self._is_cancelled = is_cancelled
        self._utterances = 0  # spoken so far
        self._pause = 0  # samples of silence before the next utterance

    def speak(self, utterances: Sequence[Utterance]) -> Iterator[NDArray[np.float32]]:
        """Speak the next utterances of the text.

        Args:
            utterances: they continue the text; their own numbers have no effect.

        Yields:
            (N,) float32 in [-1, 1], one chunk after another. The pause after an utterance precedes the next.

        Raises:
            TextError: an utterance that the voice cannot speak.
            CancelledError: the client has cancelled.
        """
        numbered = [
            replace(item, text=0, number=number) for number, item in enumerate(utterances, self._utterances)
        ]
        if not numbered:
            return
        first, rest = numbered[0], numbered[1:]
        decoding = _Decoding(self._synthesizer, rest, self._decode)
        waiting = deque(rest)
        ahead: deque[tuple[Utterance, Future[list[Samples]]]] = deque()

        def work_ahead() -> None:
            while waiting and len(ahead) < self._synthesizer.utterances_ahead:
                utterance = waiting.popleft()
                mel = decoding.mel(utterance)
                ahead.append((utterance, self._synthesizer.vocoding.submit(self._whole, utterance, mel)))

        try:
            for chunk in self._first(first, work_ahead):
                yield self._after_pause(chunk)
            self._finish(first)
            while ahead:
                utterance, parts = ahead.popleft()
                chunks = parts.result()
                work_ahead()
                for chunk in chunks:
                    yield self._after_pause(chunk)
                self._finish(utterance)
        finally:
            for _, parts in ahead:
                parts.cancel()
            decoding.cancel()

    def _first(self, utterance: Utterance, then: Callable[[], None]) -> Iterator[Samples]:
        """Speak an utterance in growing chunks; `then` is called when it is decoded."""
        parameters, vocoder = self._parameters, self._synthesizer.vocoder
        spectrograms = self._synthesizer.spectrograms
        spoken = 0
        self._require_client()
        opening = spectrograms.opening(utterance, self._seed) if parameters.speed == 1.0 else None
        whole = self._synthesizer.decoding.submit(self._decode, [utterance])
        if opening is not None and opening.shape[1] >= FIRST_CHUNK_FRAMES + vocoder.reach(parameters):
            yield self._chunk(utterance, opening, (0, FIRST_CHUNK_FRAMES), ends=False)
            spoken = FIRST_CHUNK_FRAMES
        (mel,) = whole.result()
        then()
        first = 2 * spoken or FIRST_CHUNK_FRAMES
        for start, stop in chunk_borders(mel.shape[1], first, spoken):
            yield self._chunk(utterance, mel, (start, stop), ends=stop == mel.shape[1])

    def _whole(self, utterance: Utterance, mel: Callable[[], Mel]) -> list[Samples]:
        """Return an utterance in large chunks."""
        spectrogram = mel()
        frames = spectrogram.shape[1]
        return [
            self._chunk(utterance, spectrogram, (start, stop), ends=stop == frames)
            for start, stop in chunk_borders(frames, LARGEST_CHUNK_FRAMES)
        ]

    def _chunk(self, utterance: Utterance, mel: Mel, frames: tuple[int, int], *, ends: bool) -> Samples:
        self._require_client()
        synthesizer = self._synthesizer
        samples = synthesizer.vocoder.section(utterance, mel, frames, self._seed, self._parameters)
        rate = synthesizer.voice.sample_rate_hz
        return finished_edges(samples, rate, starts=frames[0] == 0, ends=ends)

    def _decode(self, batch: Sequence[Utterance]) -> list[Mel]:
        self._require_client()
        return self._synthesizer.spectrograms.mels(batch, [self._seed], self._parameters)

    def _after_pause(self, chunk: Samples) -> Samples:
        if self._pause:
            chunk = np.concatenate([np.zeros(self._pause, np.float32), chunk])
            self._pause = 0
        return chunk

    def _finish(self, utterance: Utterance) -> None:
        self._utterances = utterance.number + 1
        self._pause = pause_samples(utterance.pause_s, self._synthesizer.voice.sample_rate_hz)

    def _require_client(self) -> None:
        if self._is_cancelled():
            raise CancelledError("synthesis was cancelled by the client")


class _Decoding:
    """Decodes utterances in batches of growing size, the next batch always before it is asked for."""

    def __init__(
        self,
        synthesizer: StreamingSynthesizer,
        utterances: Sequence[Utterance],
        decode: Callable[[Sequence[Utterance]], list[Mel]],
    ) -> None:
        self._executor = synthesizer.decoding
        self._decode = decode
        self._windows = deque(_windows(utterances, synthesizer.utterances_per_batch))
        self._bucket = synthesizer.spectrograms.symbols_bucket
        self._largest = synthesizer.utterances_per_batch
        self._futures: dict[Utterance, tuple[Future[list[Mel]], int]] = {}

    def mel(self, utterance: Utterance) -> Callable[[], Mel]:
        """Return a function that waits for an utterance's spectrogram; asked for once each, in order."""
        while self._windows and utterance not in self._futures:
            self._submit()
        future, place = self._futures.pop(utterance)
        if not self._futures and self._windows:
            self._submit()
        return lambda: future.result()[place]

    def cancel(self) -> None:
        """Drop what has not started."""
        for future, _ in self._futures.values():
            future.cancel()

    def _submit(self) -> None:
        for batch in plan_batches(self._windows.popleft(), self._bucket, self._largest):
            future = self._executor.submit(self._decode, batch)
            self._futures.update({utterance: (future, place) for place, utterance in enumerate(batch)})


def _windows(utterances: Sequence[Utterance], largest: int) -> Iterator[Sequence[Utterance]]:
    """Cut a text's utterances into runs of 1, 2, 4 ... up to `largest`."""
    start, size = 0, 1
    while start < len(utterances):
        yield utterances[start : start + size]
        start, size = start + size, min(2 * size, largest)
