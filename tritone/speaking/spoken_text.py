"""A text that is spoken while it arrives: whole, or in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Network
from ..errors import CancelledError, TextError
from ..model_parameters import Parameters
from ..synthesis.parameters import SynthesisParameters
from ..synthesis.streaming import IsCancelled, StreamingSynthesizer
from ..synthesis.utterances import Utterance, read_utterances
from ..text.characters import read_paragraphs
from ..text.english import READ_ALOUD
from ..text.passages import Passage, PassageBuffer, plain_opening
from ..text.tokenization import CLOSING
from ..utf8 import decode_text

_CHECK_S = 0.05  # between two looks for a cancellation, while nothing may be sent


@dataclass(frozen=True)
class StreamLimits:
    """Limits on one stream."""

    text_characters: int  # that wait for the end of their sentence
    speech_s: float  # of all its audio
    ahead_s: float  # audio sent before the client can have played it

    @classmethod
    def of(cls, parameters: Parameters) -> StreamLimits:
        """Read a model's parameters; raise ArtifactError if one is missing or wrong."""
        return cls(
            parameters.count("longest_text_characters"),
            parameters.number("longest_speech_s"),
            parameters.number("ahead_s"),
        )


class SpokenText:
    """The speech of one stream.

    Args:
        synthesizer: of the voice.
        tokenize: text (1, 1) and the keyword closing to symbols (1, U, S), symbols_length and pause_s (1, U).
        tokenize_later: the same, for what follows the first speech; waits where the other one is refused.
        limits: of the stream.
        parameters: of its first request.
        is_cancelled: asked before every chunk.
    """

    def __init__(
        self,
        synthesizer: StreamingSynthesizer,
        tokenize: Network,
        tokenize_later: Network,
        limits: StreamLimits,
        parameters: SynthesisParameters,
        is_cancelled: IsCancelled,
    ) -> None:
        self._tokenize = tokenize
        self._tokenize_later = tokenize_later
        self._limits = limits
        self._is_cancelled = is_cancelled
        self._executor = synthesizer.decoding
        self._speech = synthesizer.start(parameters, is_cancelled)
        self._pace = Pace(synthesizer.voice.sample_rate_hz, limits.ahead_s)
        self._buffer = PassageBuffer()
        self._has_spoken = False

    def add(self, data: bytes, *, first: bool, last: bool) -> Iterator[NDArray[np.float32]]:
        """Speak what a piece of the text completes.

        Args:
            data: UTF-8.
            first: whether the text begins with it.
            last: whether the text ends with it.

        Yields:
            (N,) float32 in [-1, 1], the next chunk.

        Raises:
            TextError: a text that cannot be spoken, or beyond a limit.
            CancelledError: the client has cancelled.
        """
        piece = decode_text(data, "text", self._limits.text_characters)
        if first and last:
            yield from self._whole(data, piece)
            return
        for passage in self._buffer.add(piece):
            yield from self._passage(passage)
        if self._buffer.characters > self._limits.text_characters:
            raise TextError(
                f"text: expected at most {self._limits.text_characters} characters in a sentence, got more; "
                "end sentences with a full stop."
            )
        rest = self._buffer.finish() if last else None
        if rest is not None and (any(map(str.isalnum, rest.text)) or not self._has_spoken):
            yield from self._passage(rest)

    def _whole(self, data: bytes, text: str) -> Iterator[NDArray[np.float32]]:
        """Speak a whole text, read as in any other pipeline; the first sentence of a long one comes first."""
        opening = plain_opening(text)
        if opening is None:
            yield from self._spoken(self._read(data))
            return
        read_paragraphs(data, self._limits.text_characters, READ_ALOUD)  # refused before anything is sent
        first = self._read_passage(opening)
        chunks = self._spoken(first)
        yield next(chunks)
        whole: Future[list[Utterance]] = self._executor.submit(self._read, data)
        yield from chunks
        yield from self._spoken(whole.result()[len(first) :])

    def _passage(self, passage: Passage) -> Iterator[NDArray[np.float32]]:
        yield from self._spoken(self._read_passage(passage))

    def _read_passage(self, passage: Passage) -> list[Utterance]:
        closing = {CLOSING.name: passage.closing.value} if passage.closing else {}
        return self._read(passage.text.encode(), **closing)

    def _read(self, text: bytes, **closing: str) -> list[Utterance]:
        tokenize = self._tokenize_later if self._has_spoken else self._tokenize
        symbols = tokenize(np.array([[text]], dtype=object), **closing)
        (utterances,) = read_utterances(*(array.copy() for array in symbols))
        return utterances

    def _spoken(self, utterances: Sequence[Utterance]) -> Iterator[NDArray[np.float32]]:
        for chunk in self._speech.speak(utterances):
            self._pace.wait(self._is_cancelled)
            self._has_spoken = True
            yield chunk
            if self._pace.sent(chunk.size) > self._limits.speech_s:
                raise TextError(
                    f"text: expected at most {self._limits.speech_s:g} s of speech in a stream, got more; "
                    "start another stream."
                )


class Pace:
    """Holds a stream back that is far ahead of its playback.

    Responses to a client that does not read them wait in the server's memory, and Triton does not tell its
    models of them. So no more is sent than a client could play, and a bounded time ahead.

    Args:
        sample_rate_hz: of the audio.
        ahead_s: audio sent before it can have been played.
    """

    def __init__(
        self, sample_rate_hz: int, ahead_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = sample_rate_hz
        self._ahead_s = ahead_s
        self._clock = clock
        self._sent_s = 0.0
        self._played_at = 0.0  # when all that was sent has been played, by the clock

    def sent(self, samples: int) -> float:
        """Count samples that were sent; return all so far, in seconds."""
        seconds = samples / self._rate
        self._sent_s += seconds
        self._played_at = max(self._played_at, self._clock()) + seconds
        return self._sent_s

    def wait(self, is_cancelled: IsCancelled) -> None:
        """Wait until more may be sent.

        Raises:
            CancelledError: the client has cancelled.
        """
        while (excess_s := self._played_at - self._clock() - self._ahead_s) > 0:
            if is_cancelled():
                raise CancelledError("synthesis was cancelled by the client")
            time.sleep(min(excess_s, _CHECK_S))
