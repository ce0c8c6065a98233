"""Decoders of incoming audio: messages of bytes in, mono samples of 16 bits out."""

from __future__ import annotations

from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from tritone_gateway.errors import BadRequestError
from tritone_gateway.routers.listen.containers import ContainerDecoder
from tritone_gateway.routers.listen.parameters import ListenParameters

Samples = NDArray[np.int16]
NOTHING: Samples = np.zeros(0, np.int16)
OPUS_RATE_HZ = 48_000  # of every Opus decoder

# How files begin that are sent where bare samples are expected.
_CONTAINERS = (
    (b"\x1aE\xdf\xa3", "WebM"),
    (b"OggS", "Ogg"),
    (b"fLaC", "FLAC"),
    (b"RIFF", "WAV"),
    (b"ID3", "MP3"),
)
_JSON = b'{"type"'  # of a control message in a binary frame


class Decoder(Protocol):
    """A decoder of one stream."""

    sample_rate_hz: int  #: of its samples

    async def decode(self, content: bytes) -> Samples:
        """Return the samples that a message completes; raises `BadRequestError`."""

    async def finish(self) -> Samples:
        """Return what is left at the end; raises `BadRequestError` if the audio ends within a sample."""

    def close(self) -> None:
        """Stop, wherever the stream is."""


def decoder_for(parameters: ListenParameters) -> Decoder:
    """Return a decoder of what a caller will send."""
    if not parameters.raw:
        return ContainerDecoder()
    if parameters.encoding == "opus":
        return PacketDecoder(parameters)
    return SampleDecoder(parameters)


class SampleDecoder:
    """Bare samples, interleaved where there are several channels; messages may be split anywhere."""

    def __init__(self, parameters: ListenParameters) -> None:
        self.sample_rate_hz = parameters.sample_rate_hz
        self._encoding = parameters.encoding or ""
        self._channels = parameters.channels
        self._frame_bytes = _SAMPLE_BYTES[self._encoding] * parameters.channels
        self._rest = b""
        self._begun = False

    async def decode(self, content: bytes) -> Samples:
        """Return the whole samples in a message, with what was left of the one before."""
        if not self._begun:
            self._begun = True
            _check_beginning(content, self._encoding)
        if content.startswith(_JSON):
            raise BadRequestError(
                "message: expected control messages as text, got one in a binary frame; send it as text."
            )
        content = self._rest + content
        whole = len(content) - len(content) % self._frame_bytes
        self._rest = content[whole:]
        return mixed(_SAMPLES[self._encoding](content[:whole]), self._channels)

    async def finish(self) -> Samples:
        """Return nothing: whole samples have been returned already."""
        if self._rest:
            rest, self._rest = len(self._rest), b""
            raise BadRequestError(
                f"audio: expected whole samples of {self._frame_bytes} bytes ({self._encoding}, "
                f"{self._channels} channel{'s' * (self._channels > 1)}), got {rest} more at the end; check "
                "encoding and channels."
            )
        return NOTHING

    def close(self) -> None:
        """Nothing is open."""


class PacketDecoder:
    """Bare Opus packets, one in each message."""

    sample_rate_hz = OPUS_RATE_HZ

    def __init__(self, parameters: ListenParameters) -> None:
        codec: Any = av.CodecContext.create("opus", "r")  # Any: the stubs don't know that it is one of audio
        codec.layout = "stereo" if parameters.channels == 2 else "mono"
        codec.sample_rate = OPUS_RATE_HZ
        self._codec = codec
        self._resampler = av.AudioResampler("s16", "mono", OPUS_RATE_HZ)

    async def decode(self, content: bytes) -> Samples:
        """Return the samples of a packet."""
        try:
            frames = self._codec.decode(av.Packet(content))
            parts = [part for frame in frames for part in self._resampler.resample(frame)]
        except av.error.FFmpegError as error:
            raise BadRequestError(
                "audio: expected one Opus packet in each message, got something else; leave out encoding for "
                "WebM and Ogg files."
            ) from error
        return np.concatenate([NOTHING, *(part.to_ndarray()[0] for part in parts)])

    async def finish(self) -> Samples:
        """Return nothing: packets are whole."""
        return NOTHING

    def close(self) -> None:
        """Nothing is open."""


def mixed(samples: Samples, channels: int) -> Samples:
    """Return interleaved samples as one channel, the mean of all."""
    if channels == 1:
        return samples
    means = samples.reshape(-1, channels).mean(axis=1, dtype=np.float32)
    rounded: Samples = np.rint(means).astype(np.int16)
    return rounded


def _check_beginning(content: bytes, encoding: str) -> None:
    for magic, name in _CONTAINERS:
        if content.startswith(magic):
            raise BadRequestError(
                f"audio: expected bare samples ({encoding}), got a {name} file; leave out encoding and "
                "sample_rate.",
                param="encoding",
            )


def _linear16(content: bytes) -> Samples:
    return np.frombuffer(content, "<i2").astype(np.int16, copy=False)


def _linear32(content: bytes) -> Samples:
    return (np.frombuffer(content, "<i4") >> 16).astype(np.int16)


def _mulaw(content: bytes) -> Samples:
    return _MULAW[np.frombuffer(content, np.uint8)]


def _alaw(content: bytes) -> Samples:
    return _ALAW[np.frombuffer(content, np.uint8)]


def _mulaw_table() -> Samples:
    """Samples of the 256 codes (ITU-T G.711): sign, exponent, mantissa, all inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    magnitude = ((2 * mantissa + 33) << exponent + 2) - 132
    return np.where(code & 128, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """Samples of the 256 codes (ITU-T G.711): sign, exponent, mantissa, even bits inverted."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    exponent, mantissa = (code >> 4 & 7).astype(np.int32), (code & 15).astype(np.int32)
    linear = (mantissa << 4) + 8
    magnitude = np.where(exponent == 0, linear, (linear + 256) << np.maximum(exponent - 1, 0))
    return np.where(code & 128, magnitude, -magnitude).astype(np.int16)


_MULAW, _ALAW = _mulaw_table(), _alaw_table()
_SAMPLES = {"linear16": _linear16, "linear32": _linear32, "mulaw": _mulaw, "alaw": _alaw}
_SAMPLE_BYTES = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}
