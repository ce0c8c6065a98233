"""Speech of one text as it is synthesized: to the loudspeaker, or to standard output as WAV or raw PCM."""

from __future__ import annotations

import codecs
import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Literal

import click

from tritone_client.calls import STREAM_SYNTHESIS
from tritone_client.command.connection import Connection
from tritone_client.command.sound_device import loudspeaker
from tritone_client.command.text_content import MARKS, checked_text_bytes
from tritone_client.errors import InvalidRequestError, ModelNotFoundError
from tritone_client.results import Speech
from tritone_client.streaming.audio import pcm16
from tritone_client.synthesis import SynthesisOptions

StreamedFormat = Literal["wav", "pcm"]
READ_BYTES = 65_536
UNKNOWN_BYTES = 2**32 - 1  # as the size in a header, for a file that goes on to its end
_LONGEST_MARK = 4


def play(
    connection: Connection, text: str | Iterable[str], options: SynthesisOptions, device: str | None
) -> bool:
    """Play a text on the loudspeaker; return True."""
    with loudspeaker(device) as speaker:
        _speak(connection, text, options, lambda speech: speaker.play(speech.samples, speech.sample_rate_hz))
    return True


def write_stream(
    connection: Connection, text: str | Iterable[str], options: SynthesisOptions, format: StreamedFormat
) -> bool:
    """Write a text's speech to standard output while it is synthesized; return True."""
    writer = PcmWriter(format)
    _speak(connection, text, options, lambda speech: click.echo(writer.encoded(speech), nl=False))
    return True


def can_stream(connection: Connection) -> bool:
    """Return whether the server has streaming synthesis, over this protocol."""
    if connection.protocol != "grpc":
        return False
    with connection.blocking_client() as client:
        try:
            client.wait_until_ready(connection.wait_s, [STREAM_SYNTHESIS])
        except ModelNotFoundError:
            return False
    return True


@dataclass
class PcmWriter:
    """Encodes chunks of speech as 16-bit PCM; WAV begins with a header for a file of unknown length."""

    format: StreamedFormat
    started: bool = False

    def encoded(self, speech: Speech) -> bytes:
        """Return the next bytes."""
        header = wav_header(speech.sample_rate_hz) if self.format == "wav" and not self.started else b""
        self.started = True
        return header + pcm16(speech.samples).astype("<i2").tobytes()


def wav_header(sample_rate_hz: int) -> bytes:
    """Return the header of a WAV file of 16-bit mono samples whose length is not known yet."""
    layout = struct.pack("<HHIIHH", 1, 1, sample_rate_hz, 2 * sample_rate_hz, 2, 16)
    return (
        b"RIFF" + struct.pack("<I", UNKNOWN_BYTES) + b"WAVE"
        b"fmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", UNKNOWN_BYTES)
    )


def text_pieces(contents: Iterable[bytes]) -> Iterator[str]:
    """Decode a text that is coming in: UTF-8, or the encoding of its byte order mark.

    Raises:
        InvalidRequestError: not a text.
    """
    contents = iter(contents)
    start = b""
    while len(start) < _LONGEST_MARK and (content := next(contents, b"")):
        start += content
    encoding = next((name for mark, name in MARKS if start.startswith(mark)), None)
    decoder = codecs.getincrementaldecoder(encoding or "utf-8-sig")(
        "strict" if encoding else "surrogateescape"
    )

    def decoded(content: bytes, last: bool = False) -> str:
        try:
            return decoder.decode(content if encoding else checked_text_bytes(content), last)
        except UnicodeDecodeError as error:
            raise InvalidRequestError(
                f"text: expected {encoding or 'UTF-8'}, got an invalid character; save the text as UTF-8."
            ) from error

    yield decoded(start)
    for content in contents:
        yield decoded(content)
    yield decoded(b"", last=True)


def stdin_pieces() -> Iterator[str]:
    """Yield the text on standard input as it comes."""
    descriptor = sys.stdin.fileno()
    yield from text_pieces(iter(lambda: os.read(descriptor, READ_BYTES), b""))


def _speak(
    connection: Connection,
    text: str | Iterable[str],
    options: SynthesisOptions,
    take: Callable[[Speech], None],
) -> None:
    with connection.blocking_client() as client:
        client.wait_until_ready(connection.wait_s, [STREAM_SYNTHESIS])
        with closing(client.stream_synthesis(text, **asdict(options))) as chunks:
            for chunk in chunks:
                take(chunk)
