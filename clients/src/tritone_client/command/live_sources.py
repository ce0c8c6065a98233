"""Inputs of `tritone listen`: the microphone, raw PCM on standard input, and files."""

from __future__ import annotations

import io
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import click
import numpy as np
import soundfile
from numpy.typing import NDArray

from tritone_client.command.interruption import TICK_S, Interruption
from tritone_client.command.sound_device import microphone
from tritone_client.errors import InvalidRequestError
from tritone_client.streaming.audio import LiveChunk

STDIN = "-"
Encoding = Literal["s16le", "f32le", "ulaw", "alaw"]
ENCODINGS: tuple[Encoding, ...] = get_args(Encoding)
SAMPLE_BYTES: dict[Encoding, int] = {"s16le": 2, "f32le": 4, "ulaw": 1, "alaw": 1}
BLOCK_S = 0.1  # of a file
READ_BYTES = 65_536


@dataclass(frozen=True)
class LiveSource:
    """Audio that is coming in."""

    name: str  #: shown to the user
    chunks: Iterator[LiveChunk]
    sample_rate_hz: int


@contextmanager
def open_microphone(device: str | None, interruption: Interruption) -> Iterator[LiveSource]:
    """Record while the context is entered; see `microphone`."""
    with microphone(device, interruption) as (chunks, rate_hz, name):
        yield LiveSource(name, (np.frombuffer(chunk, np.int16) for chunk in chunks), rate_hz)


@contextmanager
def open_stdin(encoding: Encoding, sample_rate_hz: int, interruption: Interruption) -> Iterator[LiveSource]:
    """Read raw mono samples from standard input."""
    decoder = _Decoder(encoding)
    yield LiveSource(STDIN, (decoder.decoded(content) for content in _stdin(interruption)), sample_rate_hz)
    decoder.check_complete()


@contextmanager
def open_file(path: Path, interruption: Interruption) -> Iterator[LiveSource]:
    """Read an audio file of any rate and number of channels.

    Raises:
        InvalidRequestError: not a file that libsndfile can read.
        OSError: the file cannot be read.
    """
    name = click.format_filename(path)
    with path.open("rb") as opened:
        try:
            file = soundfile.SoundFile(opened)
        except soundfile.LibsndfileError as error:
            raise InvalidRequestError(
                f"{name}: expected WAV, FLAC, OGG or MP3 ({error.error_string}); convert other files, e.g. "
                "`ffmpeg -i FILE -f s16le -ac 1 -ar 16000 - | tritone listen -`."
            ) from error
        with file:
            yield LiveSource(name, _blocks(file, interruption), file.samplerate)


def in_real_time(source: LiveSource, interruption: Interruption) -> LiveSource:
    """Return a source whose chunks come as if they were being spoken."""

    def paced() -> Iterator[LiveChunk]:
        started_s, samples = time.monotonic(), 0
        for chunk in source.chunks:
            samples += len(chunk)
            interruption.sleep(started_s + samples / source.sample_rate_hz - time.monotonic())
            yield chunk

    return LiveSource(source.name, paced(), source.sample_rate_hz)


def _blocks(file: soundfile.SoundFile, interruption: Interruption) -> Iterator[LiveChunk]:
    for block in file.blocks(round(BLOCK_S * file.samplerate), dtype="float32", always_2d=True):
        if interruption.requested:
            return
        mixed: NDArray[np.float32] = block.mean(axis=1)
        yield mixed


def _stdin(interruption: Interruption) -> Iterator[bytes]:
    """Yield what is there; a reader that is blocked could not be ended by Ctrl-C."""
    descriptor = sys.stdin.fileno()
    while not interruption.requested:
        if os.name == "posix" and not select.select([descriptor], [], [], TICK_S)[0]:
            continue
        content = os.read(descriptor, READ_BYTES)
        if not content:
            return
        yield content


class _Decoder:
    """Decodes bytes that may be split within a sample."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding, self._rest = encoding, b""
        self._decode = _DECODERS[encoding]()

    def decoded(self, content: bytes) -> LiveChunk:
        content = self._rest + content
        whole = len(content) - len(content) % SAMPLE_BYTES[self._encoding]
        self._rest = content[whole:]
        samples: LiveChunk = self._decode(content[:whole])
        return samples

    def check_complete(self) -> None:
        if self._rest:
            raise InvalidRequestError(
                f"stdin: expected whole samples of {SAMPLE_BYTES[self._encoding]} bytes, got "
                f"{len(self._rest)} bytes "
                f"more; give the --encoding of the audio, one of {', '.join(ENCODINGS)}."
            )


def _companded(subtype: str) -> Callable[[bytes], LiveChunk]:
    """Return a decoder of G.711: libsndfile decodes all 256 codes once."""
    codes = io.BytesIO(bytes(range(256)))
    table: NDArray[np.int16]
    table, _ = soundfile.read(
        codes, format="RAW", subtype=subtype, channels=1, samplerate=8000, dtype="int16"
    )
    return lambda content: table[np.frombuffer(content, np.uint8)]


_DECODERS: dict[Encoding, Callable[[], Callable[[bytes], Any]]] = {
    "s16le": lambda: lambda content: np.frombuffer(content, "<i2").astype(np.int16, copy=False),
    "f32le": lambda: lambda content: np.frombuffer(content, "<f4").astype(np.float32, copy=False),
    "ulaw": lambda: _companded("ULAW"),
    "alaw": lambda: _companded("ALAW"),
}
