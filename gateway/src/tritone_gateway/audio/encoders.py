"""Speech as the bytes of an audio file, encoded while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from tritone_client.streaming.audio import pcm16

PCM_RATE_HZ = 24_000  # of audio without a header, as OpenAI defines it

_STREAMED = {"flush_packets": "1"}  # what is finished is written at once


@dataclass(frozen=True)
class Format:
    """An audio format that can be written without going back to its beginning."""

    name: str
    suffix: str  #: of file names, with its dot
    media_type: str
    muxer: str  #: FFmpeg's name
    codec: str  #: FFmpeg's name
    rate_hz: int | None = None  #: the only one; None: the voice's, or the next that the codec has
    bit_rate: int | None = None  #: None: lossless
    options: Mapping[str, str] = field(default_factory=dict)  #: of the muxer


FORMATS: Mapping[str, Format] = {
    format.name: format
    for format in (
        Format(
            "mp3",
            ".mp3",
            "audio/mpeg",
            "mp3",
            "libmp3lame",
            bit_rate=64_000,
            options={"id3v2_version": "0"},
        ),
        Format(
            "opus",
            ".ogg",
            "audio/ogg; codecs=opus",
            "ogg",
            "libopus",
            rate_hz=48_000,
            bit_rate=48_000,
            options={"page_duration": "100000"},  # microseconds; by default players wait a second for a page
        ),
        Format("aac", ".aac", "audio/aac", "adts", "aac", bit_rate=64_000),
        Format("flac", ".flac", "audio/flac", "flac", "flac"),
        Format("wav", ".wav", "audio/wav", "wav", "pcm_s16le", options={"fflags": "+bitexact"}),
        Format("pcm", ".pcm", "audio/pcm", "s16le", "pcm_s16le", rate_hz=PCM_RATE_HZ),
    )
}


class Encoder:
    """Encodes mono speech piece by piece. A method must have returned before another one is called.

    Args:
        format: of the file.
        voice_rate_hz: sample rate of the speech.
        target: file that can seek; then its header says how long it is, and methods return nothing.
    """

    def __init__(self, format: Format, voice_rate_hz: int, target: IO[bytes] | None = None) -> None:
        self._sink = _Sink()
        options = {**format.options, **(_STREAMED if target is None else {})}
        file: Any = av.open(target or self._sink, "w", format=format.muxer, options=options)
        self._file = file
        self.rate_hz = format.rate_hz or _next_rate_hz(format.codec, voice_rate_hz)  #: of the file
        self._track = file.add_stream(format.codec, rate=self.rate_hz, layout="mono")
        self._track.codec_context.thread_count = 1
        if format.bit_rate:
            self._track.bit_rate = format.bit_rate
        self._integer = format.bit_rate is None
        self._resampler = (
            soxr.ResampleStream(voice_rate_hz, self.rate_hz, 1, dtype="float32")
            if voice_rate_hz != self.rate_hz
            else None
        )

    def add(self, samples: NDArray[np.float32]) -> bytes:
        """Take speech; return what is finished of the file, which may be nothing.

        Args:
            samples: (N,) float32 in [-1, 1].
        """
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._encode(samples)
        return self._sink.take()

    def finish(self) -> bytes:
        """Return the rest of the file."""
        if self._resampler is not None:
            self._encode(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._mux(self._track.encode(None))
        self._file.close()
        return self._sink.take()

    def _encode(self, samples: NDArray[np.float32]) -> None:
        if not samples.size:
            return
        shaped: Any = np.ascontiguousarray(pcm16(samples) if self._integer else samples)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(shaped, format="s16" if self._integer else "fltp", layout="mono")
        frame.sample_rate = self.rate_hz
        self._mux(self._track.encode(frame))

    def _mux(self, packets: Iterator[Any]) -> None:
        for packet in packets:
            self._file.mux(packet)


class _Sink:
    """What FFmpeg writes to; without `seek`, so that nothing is written that would have to be corrected."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._written.append(bytes(content))
        return len(content)

    def take(self) -> bytes:
        content = b"".join(self._written)
        self._written.clear()
        return content


def _next_rate_hz(codec: str, rate_hz: int) -> int:
    """Return the lowest sample rate of a codec that loses nothing of a signal, or its highest."""
    rates = av.Codec(codec, "w").audio_rates
    if not rates:
        return rate_hz
    return min((rate for rate in rates if rate >= rate_hz), default=max(rates))
