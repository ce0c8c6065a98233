"""Calls for speech synthesis and their options."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Literal, get_args

import numpy as np

from tritone_client.calls import TEXT_TO_AUDIO, TEXT_TO_SPEECH, Call, Outputs, bytes_tensor, text_tensor
from tritone_client.errors import InvalidRequestError
from tritone_client.results import Speech

AudioFormat = Literal["wav", "flac", "ogg", "mp3", "pcm"]

FORMATS: tuple[AudioFormat, ...] = get_args(AudioFormat)
LARGEST_SEED = 2**63 - 1
SPEEDS = (0.5, 2.0)
SIGMAS = (0.0, 1.0)
DENOISING = (0.0, 1.0)
PITCHES = (-3.0, 3.0)
LARGEST_SPEAKER = 2**31 - 1


@dataclass(frozen=True)
class SynthesisOptions:
    """Options of a synthesis request. The server chooses the default for None.

    A voice refuses options that it has no use for: seed, sigma and denoise belong to vocoders that start from
    noise, pitch and speaker to spectrogram models that predict the pitch or know several speakers.

    Raises:
        InvalidRequestError: a value is outside its range.
        TypeError: a value is not a number.
    """

    seed: int | None = None  #: 0 to 2**63 - 1: equal seeds give equal samples; None: different each time
    speed: float | None = None  #: 0.5 to 2, at the same pitch; None: 1
    sigma: float | None = None  #: 0 to 1, spread of the vocoder's noise; None: the voice's default
    denoise: float | None = None  #: 0 to 1, how much of the vocoder's bias noise is removed; None: 0
    pitch: float | None = None  #: -3 to 3, added in standard deviations of the training data; None: 0
    speaker: int | None = None  #: index, from 0, of a voice with several speakers; None: 0

    def __post_init__(self) -> None:
        _check_whole("seed", self.seed, LARGEST_SEED)
        _check_whole("speaker", self.speaker, LARGEST_SPEAKER)
        _check_number("speed", self.speed, SPEEDS)
        _check_number("sigma", self.sigma, SIGMAS)
        _check_number("denoise", self.denoise, DENOISING)
        _check_number("pitch", self.pitch, PITCHES)

    def parameters(self) -> dict[str, str | int | float | bool]:
        """Return the request parameters."""
        parameters: dict[str, str | int | float | bool] = {}
        for name in ("seed", "speaker"):
            if (value := getattr(self, name)) is not None:
                parameters[name] = operator.index(value)
        for name in ("speed", "sigma", "denoise", "pitch"):
            if (value := getattr(self, name)) is not None:
                parameters[name] = float(value)
        return parameters


def speech(text: str, options: SynthesisOptions) -> Call[Speech]:
    """Synthesize a text as samples."""
    return Call(TEXT_TO_SPEECH, (text_tensor("text", text),), _speech, options.parameters())


def reading(text: str) -> Call[str]:
    """Return a text in words, as it would be spoken, without synthesizing it."""
    return Call(
        TEXT_TO_SPEECH,
        (text_tensor("text", text),),
        lambda outputs: outputs.string("reading"),
        outputs=("reading",),
    )


def audio_file(text: str, format: AudioFormat, options: SynthesisOptions) -> Call[bytes]:
    """Synthesize a text as the content of an audio file.

    Raises:
        InvalidRequestError: not one of FORMATS.
    """
    if format not in FORMATS:
        raise InvalidRequestError(f"format: expected one of {', '.join(FORMATS)}, got {format!r}.")
    inputs = (text_tensor("text", text), bytes_tensor("format", format.encode("utf-8")))
    return Call(TEXT_TO_AUDIO, inputs, lambda outputs: outputs.content("audio_bytes"), options.parameters())


def checked_texts(texts: Iterable[str]) -> Iterable[str]:
    """Return the texts; refuse a single str, which would be spoken letter by letter."""
    if isinstance(texts, str):
        raise TypeError("texts: expected several texts, got one str; give a list, or call synthesize.")
    return texts


def checked_concurrency(concurrency: int) -> int:
    """Return how many requests to run at a time."""
    if concurrency < 1:
        raise ValueError(f"concurrency: expected 1 or more, got {concurrency}.")
    return concurrency


def _speech(outputs: Outputs) -> Speech:
    length = outputs.integer("audio_length")
    # Copied, since the response's buffer is read-only.
    samples = np.array(outputs.row("audio")[:length], dtype=np.float32)
    return Speech(samples, outputs.integer("sample_rate_hz"))


def _check_whole(name: str, value: Any, most: int) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name}: expected a whole number, got {type(value).__name__}.")
    if not 0 <= value <= most:
        raise InvalidRequestError(f"{name}: expected a whole number from 0 to {most}, got {value}.")


def _check_number(name: str, value: Any, limits: tuple[float, float]) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {type(value).__name__}.")
    number, (least, most) = float(value), limits
    if not least <= number <= most:  # false for NaN
        raise InvalidRequestError(f"{name}: expected a number from {least:g} to {most:g}, got {number:g}.")
