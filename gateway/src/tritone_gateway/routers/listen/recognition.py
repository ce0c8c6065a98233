"""From messages with audio to messages with results."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from enum import Enum, auto

from pydantic import BaseModel
from tritone_client import Final, Interim, SpeechStarted, TranscriptionEvent

from tritone_gateway.backend import RecognitionChoices, SpeechBackend
from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.listen.decoding import NOTHING, Samples, decoder_for
from tritone_gateway.routers.listen.parameters import ListenParameters
from tritone_gateway.routers.listen.reporting import Reporter
from tritone_gateway.routers.listen.utterances import UtteranceEnds
from tritone_gateway.schemas.listen import SpeechStartedMessage, UtteranceEndMessage

PIECE_BYTES = 16 * 1024  # of a long message at a time: half a second of 16-bit samples at 16 kHz
# After so long without audio the recogniser's stream is ended, before the speech server drops it. The next
# audio starts another one.
PAUSE_S = 15.0


class Control(Enum):
    """What is not audio, in its place among it."""

    FINALIZE = auto()  #: recognise everything so far
    CLOSE = auto()  #: the same, and the end
    PAUSE = auto()  #: no audio for a while


class Recognition:
    """Recognises what comes in and sends what is recognised.

    Finalize has the recogniser's stream end, so a connection may consist of several, one after another.

    Args:
        messages: audio as it was sent, and controls.
        send: sends a message.
    """

    def __init__(
        self,
        backend: SpeechBackend,
        parameters: ListenParameters,
        choices: RecognitionChoices,
        reporter: Reporter,
        messages: asyncio.Queue[bytes | Control],
        send: Callable[[BaseModel], Awaitable[None]],
    ) -> None:
        self.digest = hashlib.sha256()  #: of the audio as it was sent
        self._backend = backend
        self._parameters = parameters
        self._choices = choices
        self._reporter = reporter
        self._messages = messages
        self._send = send
        self._decoder = decoder_for(parameters)
        self._content = memoryview(b"")  # of the message that is being recognised, what is left
        gap_ms = parameters.utterance_end_ms
        self._utterances = UtteranceEnds(None if gap_ms is None else gap_ms / 1000)
        self._samples = 0  # given to the recogniser
        self._reported_s = 0.0  # where the last final result ended
        self._stopped_by: Control | None = None
        self._decoder_finished = False
        self._incomplete: BadRequestError | None = None  # how the audio ended, if it was not whole

    @property
    def audio_s(self) -> float:
        """Seconds of audio given to the recogniser."""
        return self._samples / self._decoder.sample_rate_hz

    async def run(self) -> None:
        """Recognise until the caller closes the stream.

        Raises:
            GatewayError: the audio can't be decoded, or the recogniser failed. Earlier results were sent.
        """
        while self._stopped_by is not Control.CLOSE:
            samples = await self._next(pause_s=None)
            if samples is not None:
                await self._recognise(samples)
            elif self._stopped_by is Control.FINALIZE:
                await self._send(self._reporter.nothing(self.audio_s))

    def check_complete(self) -> None:
        """Raise `BadRequestError` if the audio ended within a sample."""
        if self._incomplete is not None:
            raise self._incomplete

    def close(self) -> None:
        """Stop decoding."""
        self._decoder.close()

    async def _recognise(self, first: Samples) -> None:
        """One stream of the recogniser."""
        offset_s = self.audio_s
        self._stopped_by = None
        events = self._backend.stream_transcription(
            self._chunks(first),
            self._decoder.sample_rate_hz,
            self._choices,
            interim=self._parameters.interim_results,
            stop_history_ms=self._parameters.endpointing_ms,
        )
        finals_after_stop = 0
        try:
            async for event in events:
                await self._report(event, offset_s)
                finals_after_stop += self._stopped_by is not None and isinstance(event, Final)
        finally:
            await events.aclose()
        if self._stopped_by is Control.FINALIZE and not finals_after_stop:
            await self._send(self._reporter.nothing(self.audio_s))

    async def _chunks(self, first: Samples) -> AsyncGenerator[Samples, None]:
        """The samples of one stream. Whenever more are asked for, those before have been recognised."""
        samples: Samples | None = first
        while samples is not None:
            self._samples += samples.size
            yield samples
            last_word_end_s = self._utterances.due(self.audio_s)
            if last_word_end_s is not None:
                await self._send(UtteranceEndMessage(last_word_end=round(last_word_end_s, 4)))
            samples = await self._next(PAUSE_S)

    async def _next(self, pause_s: float | None) -> Samples | None:
        """Return the next samples; None: there are none for now, for the reason in `_stopped_by`."""
        while True:
            if not self._content:
                message = await self._message(pause_s)
                if isinstance(message, Control):
                    tail = await self._tail() if message is Control.CLOSE else NOTHING
                    if tail.size:
                        return tail
                    self._stopped_by = message
                    return None
                self.digest.update(message)
                self._content = memoryview(message)
            piece, self._content = self._content[:PIECE_BYTES], self._content[PIECE_BYTES:]
            samples = await self._decoder.decode(bytes(piece))
            if samples.size:
                return samples

    async def _message(self, pause_s: float | None) -> bytes | Control:
        if self._decoder_finished:
            return Control.CLOSE
        try:
            return await asyncio.wait_for(self._messages.get(), pause_s)
        except asyncio.TimeoutError:
            return Control.PAUSE

    async def _tail(self) -> Samples:
        """What the decoder still has. Incomplete audio is reported after the results."""
        if self._decoder_finished:
            return NOTHING
        self._decoder_finished = True
        try:
            return await self._decoder.finish()
        except BadRequestError as error:
            self._incomplete = error
            return NOTHING

    async def _report(self, event: TranscriptionEvent, offset_s: float) -> None:
        if isinstance(event, SpeechStarted):
            self._utterances.speech_started()
            if self._parameters.vad_events:
                await self._send(SpeechStartedMessage(timestamp=round(offset_s + event.audio_processed_s, 4)))
        elif isinstance(event, Interim):
            end_s = offset_s + event.audio_processed_s
            await self._send(self._reporter.interim(event.transcript, self._reported_s, end_s))
        else:
            await self._report_final(event, offset_s)

    async def _report_final(self, event: Final, offset_s: float) -> None:
        words = event.transcription.words
        self._utterances.segment_ended(offset_s + words[-1].end_s if words else None)
        finalized = self._stopped_by is Control.FINALIZE
        result = self._reporter.final(
            event.transcription, self._reported_s, offset_s, offset_s + event.end_s, finalized
        )
        self._reported_s = offset_s + event.end_s
        await self._send(result)
