"""A speech service whose calls are spans of OpenTelemetry traces."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from tritone_client import Catalogue, Speech, Transcription, TranscriptionEvent

from tritone_gateway.backend import RecognitionChoices, SpeakingChoices, SpeechBackend

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

Item = TypeVar("Item")


class TracedBackend:
    """A span for each call of another backend; each is the child of the request's span."""

    def __init__(self, backend: SpeechBackend, tracer: Tracer) -> None:
        self._backend = backend
        self._tracer = tracer

    async def transcribe(
        self, audio: bytes | Path | NDArray[np.float32], choices: RecognitionChoices
    ) -> Transcription:
        """Recognise a recording of any usual format, or samples of 16 kHz mono in [-1, 1]."""
        with self._span("transcribe", choices.model) as span:
            found = await self._backend.transcribe(audio, choices)
            if found.duration_s is not None:
                span.set_attribute("tritone.audio_s", found.duration_s)
            return found

    async def stream_transcription(
        self,
        chunks: AsyncIterable[NDArray[np.int16]],
        sample_rate_hz: int,
        choices: RecognitionChoices,
        *,
        interim: bool = True,
        stop_history_ms: int | None = None,
    ) -> AsyncGenerator[TranscriptionEvent, None]:
        """Recognise mono samples while they come in; `stop_history_ms` of quiet end a segment."""
        events = self._backend.stream_transcription(
            chunks, sample_rate_hz, choices, interim=interim, stop_history_ms=stop_history_ms
        )
        with self._span("stream_transcription", choices.model) as span:
            async for event in _noted(events, span):
                yield event

    async def punctuate(self, text: str) -> str:
        """Add punctuation and capitals to a transcript."""
        with self._span("punctuate"):
            return await self._backend.punctuate(text)

    async def stream_synthesis(
        self, text: str | AsyncIterable[str], choices: SpeakingChoices
    ) -> AsyncGenerator[Speech, None]:
        """Speak a text, or pieces of one, and yield the speech in chunks as it is made."""
        with self._span("stream_synthesis", choices.model) as span:
            async for chunk in _noted(self._backend.stream_synthesis(text, choices), span):
                yield chunk

    async def synthesize(self, text: str, choices: SpeakingChoices) -> Speech:
        """Speak a text."""
        with self._span("synthesize", choices.model) as span:
            speech = await self._backend.synthesize(text, choices)
            span.set_attribute("tritone.audio_s", speech.duration_s)
            return speech

    async def catalogue(self) -> Catalogue:
        """Return the recognisers and voices that there are."""
        with self._span("catalogue"):
            return await self._backend.catalogue()

    async def check_ready(self) -> None:
        """Return once the service can be used; raises `UnavailableError` at once if it cannot."""
        await self._backend.check_ready()

    async def close(self) -> None:
        """Close the connections."""
        await self._backend.close()

    @contextmanager
    def _span(self, call: str, model: str = "") -> Iterator[Span]:
        """Open a span, not made the current one: a generator may be continued in another context."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        span = self._tracer.start_span(
            f"triton {call}", kind=SpanKind.CLIENT, attributes={"tritone.model": model or "default"}
        )
        try:
            yield span
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))  # a message may quote words
            raise
        finally:
            span.end()


async def _noted(items: AsyncGenerator[Item, None], span: Span) -> AsyncGenerator[Item, None]:
    """Note when the first result came."""
    first = True
    try:
        async for item in items:
            if first:
                span.add_event("first result")
                first = False
            yield item
    finally:
        await items.aclose()
