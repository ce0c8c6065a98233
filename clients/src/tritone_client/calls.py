"""Requests to the public models and the decoding of their responses, without I/O.

Every transport sends the same `Call`, so supporting another model takes one function. The calls for synthesis
are in `tritone_client.synthesis`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from tritone_client.errors import InvalidRequestError, ServerError
from tritone_client.results import Transcription, Word

Result = TypeVar("Result")
Audio = str | os.PathLike[str] | bytes | NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000  # of the contract's `audio` tensors
LARGEST_FILE_BYTES = 2**31 - 2**20  # gRPC's limit of 2 GiB, less 1 MiB for the rest of the message
LOUDEST_SAMPLE = 2.0  # full scale is 1; resampling overshoots slightly, integers cast to float by far more

AUDIO_TO_TEXT = "audio_to_text"
SPEECH_TO_TEXT = "speech_to_text"
PUNCTUATE = "punctuate"
TEXT_TO_SPEECH = "text_to_speech"
TEXT_TO_AUDIO = "text_to_audio"
RECOGNITION = (AUDIO_TO_TEXT, SPEECH_TO_TEXT)
SYNTHESIS = (TEXT_TO_SPEECH, TEXT_TO_AUDIO)
STREAM_TRANSCRIPTION = "asr_stream"
STREAM_SYNTHESIS = "text_to_speech_stream"
STREAMS = (STREAM_TRANSCRIPTION, STREAM_SYNTHESIS)
NAMED = (
    RECOGNITION + SYNTHESIS + STREAMS
)  # every further recogniser or voice has its own; the others are shared
PUBLIC_MODELS = (AUDIO_TO_TEXT, SPEECH_TO_TEXT, PUNCTUATE, TEXT_TO_SPEECH, TEXT_TO_AUDIO)

_FIRST_ESCAPED, _LAST_ESCAPED = 0xDC80, 0xDCFF  # bytes that are not UTF-8, as decoded by `surrogateescape`
_WORDS = ("word", "word_start_s", "word_end_s", "word_confidence")
_WRITTEN_WORDS = tuple(f"written_{name}" for name in _WORDS)
_RECOGNISED = ("transcript", "text", *_WORDS)
#: outputs of recognition, by whether figures are asked for: the server writes them only then
RECOGNISED = {False: _RECOGNISED, True: (*_RECOGNISED, "written_text", *_WRITTEN_WORDS)}
_VERSIONS_DIFFER = "client and server versions do not match."


@dataclass(frozen=True)
class Tensor:
    """One input tensor."""

    name: str
    datatype: str  #: Triton's name for the element type, such as FP32
    array: NDArray[Any]  #: batch dimension first


@dataclass(frozen=True)
class Outputs:
    """The output tensors of one response. A request is a batch of one, so only row 0 is read."""

    model: str
    tensor: Callable[[str], NDArray[Any] | None]  #: output by name, batch dimension first

    def row(self, name: str) -> NDArray[Any]:
        """Return row 0 of an output, one-dimensional."""
        array = self.tensor(name)
        if array is None or array.ndim != 2 or len(array) != 1:
            shape = "none" if array is None else f"shape {array.shape}"
            raise ServerError(
                f"{self.model}: expected output {name} of shape (1, count), got {shape}; {_VERSIONS_DIFFER}"
            )
        row: NDArray[Any] = array[0]
        return row

    def strings(self, name: str) -> list[str]:
        """Return a BYTES output as text."""
        return [item.decode("utf-8") for item in self.row(name).tolist()]

    def string(self, name: str) -> str:
        """Return a BYTES output of one element as text."""
        return self.strings(name)[0]

    def content(self, name: str) -> bytes:
        """Return a BYTES output of one element unchanged."""
        return bytes(self.row(name)[0])

    def integer(self, name: str) -> int:
        """Return an integer output of one element."""
        return int(self.row(name)[0])

    def number(self, name: str) -> float:
        """Return a floating-point output of one element, in the shortest decimal form of its precision."""
        return float(str(self.row(name)[0]))

    def optional_float(self, name: str) -> float | None:
        """Return the same, or None if the server does not provide it."""
        return None if self.tensor(name) is None else self.number(name)

    def floats(self, name: str) -> list[float]:
        """Return a floating-point output as Python floats."""
        return [float(value) for value in self.row(name)]


@dataclass(frozen=True)
class Call(Generic[Result]):
    """A request to a model, and the function that decodes its response."""

    model: str
    inputs: tuple[Tensor, ...]
    decode: Callable[[Outputs], Result]
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)  #: request parameters
    outputs: tuple[str, ...] = ()  #: requested outputs, so that the server can skip the others; empty: all


def transcribe(audio: Audio, written: bool = False) -> Call[Transcription]:
    """Transcribe a recording.

    Args:
        audio: path or content of an audio file; or (N,) float32 samples, 16 kHz mono in [-1, 1].
        written: also return the text with numbers, money, dates and times in figures.

    Raises:
        InvalidRequestError: unsuitable samples, or a file larger than a request can be.
        OSError: the file cannot be read.
    """
    if isinstance(audio, np.ndarray):
        return _transcribe_samples(audio, written)
    if isinstance(audio, bytes | bytearray | memoryview):
        return _transcribe_file(bytes(audio), written)
    if isinstance(audio, str | os.PathLike):
        return _transcribe_file(Path(audio).read_bytes(), written)
    raise TypeError(
        f"audio: expected a path, the bytes of an audio file or a numpy array, got {type(audio).__name__}."
    )


def punctuate(text: str) -> Call[str]:
    """Add punctuation and capitals to a transcript."""
    return Call(PUNCTUATE, (text_tensor("transcript", text),), lambda outputs: outputs.string("text"))


def text_tensor(name: str, text: str) -> Tensor:
    """Return an input tensor with one text.

    Raises:
        InvalidRequestError: not valid Unicode.
        TypeError: not a str.
    """
    if not isinstance(text, str):
        raise TypeError(f"{name}: expected str, got {type(text).__name__}.")
    try:
        return bytes_tensor(name, text.encode("utf-8"))
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        if _FIRST_ESCAPED <= code <= _LAST_ESCAPED:  # a byte that Python could not decode
            raise InvalidRequestError(
                f"{name}: expected valid Unicode in UTF-8, got the byte 0x{code & 0xFF:02X} at character "
                f"{error.start}, probably Latin-1 or Windows-1252; save the text as UTF-8."
            ) from error
        raise InvalidRequestError(
            f"{name}: expected valid Unicode, got an unpaired surrogate at character {error.start}; "
            "send text in UTF-8."
        ) from error


def bytes_tensor(name: str, value: bytes) -> Tensor:
    """Make an input of one BYTES element."""
    return Tensor(name, "BYTES", np.array([[value]], dtype=np.object_))


def _transcribe_file(content: bytes, written: bool) -> Call[Transcription]:
    if len(content) > LARGEST_FILE_BYTES:
        raise InvalidRequestError(
            f"audio_bytes: expected at most {LARGEST_FILE_BYTES} bytes, got {len(content)}; "
            "split the recording or compress it as FLAC or MP3."
        )
    inputs = (bytes_tensor("audio_bytes", content),)

    def decode(outputs: Outputs) -> Transcription:
        return transcription(outputs, outputs.optional_float("duration_s"), written)

    return Call(AUDIO_TO_TEXT, inputs, decode, outputs=(*RECOGNISED[written], "duration_s"))


def _transcribe_samples(samples: NDArray[np.float32], written: bool) -> Call[Transcription]:
    _check_samples(samples)
    length_s = samples.size / SAMPLE_RATE_HZ
    inputs = (
        Tensor("audio", "FP32", samples[np.newaxis]),
        Tensor("audio_length", "INT64", np.array([[samples.size]], dtype=np.int64)),
    )

    def decode(outputs: Outputs) -> Transcription:
        return transcription(outputs, length_s, written)

    return Call(SPEECH_TO_TEXT, inputs, decode, outputs=RECOGNISED[written])


def _check_samples(samples: NDArray[Any]) -> None:
    if samples.dtype != np.float32:
        remedy = (
            f"divide by {np.iinfo(samples.dtype).max + 1} as float32"
            if np.issubdtype(samples.dtype, np.signedinteger)
            else "convert with .astype(numpy.float32)"
        )
        raise InvalidRequestError(
            f"audio: expected float32 samples in [-1, 1], got {samples.dtype}; {remedy}."
        )
    if samples.ndim != 1:
        raise InvalidRequestError(
            f"audio: expected one axis, 16 kHz mono, got shape {samples.shape}; mix channels to mono."
        )
    if samples.size == 0:
        raise InvalidRequestError("audio: expected at least one sample, got none.")
    peak = float(np.abs(samples).max())
    if not np.isfinite(peak):
        raise InvalidRequestError("audio: expected finite samples, got NaN or infinity.")
    if peak > LOUDEST_SAMPLE:
        raise InvalidRequestError(
            f"audio: expected samples in [-1, 1], got a peak of {peak:g}; divide integers by full scale."
        )


def transcription(outputs: Outputs, length_s: float | None, written: bool) -> Transcription:
    """Return the transcription in a response, for audio of a length in seconds."""
    return Transcription(
        transcript=outputs.string("transcript"),
        text=outputs.string("text"),
        words=tuple(_words(outputs, _WORDS)),
        duration_s=length_s,
        written_text=outputs.string("written_text") if written else None,
        written_words=tuple(_words(outputs, _WRITTEN_WORDS)) if written else (),
    )


def _words(outputs: Outputs, names: Sequence[str]) -> Iterator[Word]:
    words, columns = outputs.strings(names[0]), [outputs.floats(name) for name in names[1:]]
    counts = [len(words), *map(len, columns)]
    if len(set(counts)) != 1:
        raise ServerError(
            f"{outputs.model}: expected times for each word, got counts {counts}; {_VERSIONS_DIFFER}"
        )
    for word, start_s, end_s, confidence in zip(words, *columns, strict=True):
        if word:  # shorter rows of a batch are padded with empty words
            yield Word(word, start_s, end_s, confidence)
