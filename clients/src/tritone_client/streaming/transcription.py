"""Streaming recognition: options, and the flow from chunks of audio to events."""

from __future__ import annotations

import operator
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tritone_client.attempts import RetryPolicy
from tritone_client.calls import RECOGNISED, STREAM_TRANSCRIPTION, Outputs, Tensor, transcription
from tritone_client.errors import InvalidRequestError, ServerError
from tritone_client.recognition import RecognitionOptions
from tritone_client.streaming.audio import LiveAudio
from tritone_client.streaming.events import Final, Interim, SpeechStarted, TranscriptionEvent
from tritone_client.streaming.start import first_response
from tritone_client.streaming.steps import (
    ENDED,
    Emit,
    Place,
    Receive,
    Send,
    StreamFlow,
    StreamRequest,
    TakeInput,
)

SHORTEST_STOP_HISTORY_MS, LONGEST_STOP_HISTORY_MS = 100, 10_000
_OUTPUTS = (
    "interim_transcript",
    "stable_characters",
    "is_final",
    "segment_start_s",
    "segment_end_s",
    "speech_started",
    "audio_processed_s",
)


@dataclass(frozen=True)
class StreamOptions:
    """Options of streaming recognition. The server chooses the default for None.

    Raises:
        InvalidRequestError: a value is outside its range.
        TypeError: a value has the wrong type.
    """

    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    interim: bool = True  #: whether to report what has been recognised of an unfinished segment
    written: bool = False  #: whether finals also have the text with numbers in figures
    stop_history_ms: int | None = (
        None  #: a segment ends after so much silence; None: the server's, usually 800
    )

    def __post_init__(self) -> None:
        if self.recognition.alternatives:
            raise InvalidRequestError(
                f"alternatives: expected 0, as streams have one transcript, got "
                f"{self.recognition.alternatives}; "
                "use transcribe."
            )
        if self.stop_history_ms is None:
            return
        if isinstance(self.stop_history_ms, bool) or not hasattr(self.stop_history_ms, "__index__"):
            raise TypeError(
                f"stop_history_ms: expected a whole number, got {type(self.stop_history_ms).__name__}."
            )
        if not SHORTEST_STOP_HISTORY_MS <= self.stop_history_ms <= LONGEST_STOP_HISTORY_MS:
            raise InvalidRequestError(
                f"stop_history_ms: expected {SHORTEST_STOP_HISTORY_MS} to {LONGEST_STOP_HISTORY_MS} ms, got "
                f"{self.stop_history_ms}."
            )

    def parameters(self) -> dict[str, str | int | float | bool]:
        """Return the request parameters."""
        parameters = self.recognition.parameters()
        parameters["interim"] = "on" if self.interim else "off"
        if self.written:
            parameters["written"] = "on"
        if self.stop_history_ms is not None:
            parameters["stop_history_ms"] = operator.index(self.stop_history_ms)
        return parameters


def transcribe_stream(audio: LiveAudio, options: StreamOptions, policy: RetryPolicy) -> StreamFlow:
    """Recognise the caller's chunks as they come, and emit events.

    The server has one response for each block. The first block may be sent again, since nothing has been
    recognised before; later blocks may not, as the server's state is that of one stream.
    """
    sequence = uuid.uuid4().hex
    decode = _EventDecoder(options)
    started = False
    while True:
        chunk = yield TakeInput()
        ended = chunk is ENDED
        blocks = list(audio.finish() if ended else audio.add(chunk))
        if ended and not started and not blocks[0].array.size:
            return  # no audio at all
        for index, block in enumerate(blocks):
            last = ended and index == len(blocks) - 1
            request = _request(block, Place(sequence, not started, last), options)
            if started:
                yield Send(request)
                response = yield Receive(policy.timeout_s)
            else:
                response = yield from first_response(request, policy)
            started = True
            for event in decode.events(response.outputs):
                yield Emit(event)
        if ended:
            return


def _request(block: Tensor, place: Place, options: StreamOptions) -> StreamRequest:
    outputs = (*_OUTPUTS, *RECOGNISED[options.written])
    parameters = options.parameters() if place.start else {}  # they hold for the stream
    return StreamRequest(STREAM_TRANSCRIPTION, (block,), parameters, outputs, place)


@dataclass
class _EventDecoder:
    """Turns responses into events, of which only changes are reported."""

    options: StreamOptions
    shown: tuple[str, int] = ("", 0)  #: the interim transcript that the caller has last seen

    def events(self, outputs: Outputs) -> Iterator[TranscriptionEvent]:
        processed_s = outputs.number("audio_processed_s")
        if outputs.integer("speech_started"):
            yield SpeechStarted(processed_s)
        if outputs.integer("is_final"):
            yield self._final(outputs, processed_s)
            self.shown = ("", 0)
        interim = (outputs.string("interim_transcript"), outputs.integer("stable_characters"))
        if self.options.interim and interim != self.shown:
            self.shown = interim
            yield Interim(*interim, processed_s)

    def _final(self, outputs: Outputs, processed_s: float) -> Final:
        start_s, end_s = outputs.number("segment_start_s"), outputs.number("segment_end_s")
        if end_s < start_s:
            raise ServerError(f"{outputs.model}: expected a segment, got {start_s:g} to {end_s:g} s.")
        length_s = round(end_s - start_s, 6)
        return Final(transcription(outputs, length_s, self.options.written), start_s, end_s, processed_s)


def checked_chunks(chunks: Any) -> Any:
    """Return the chunks; refuse a single array or bytes, whose items would be samples."""
    if hasattr(chunks, "dtype") or isinstance(chunks, str | bytes | bytearray | memoryview):
        raise TypeError(
            f"chunks: expected an iterator of chunks, got {type(chunks).__name__}; give a list with it, "
            "or call "
            "transcribe."
        )
    return chunks
