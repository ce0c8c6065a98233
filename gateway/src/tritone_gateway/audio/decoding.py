"""The samples of a recording, decoded piece by piece for recognition while it is read."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator, Iterator
from typing import Any, BinaryIO

import numpy as np
import soxr
from av import AudioFrame
from av.container import InputContainer
from numpy.typing import NDArray
from tritone_client.calls import SAMPLE_RATE_HZ

from tritone_gateway.audio.containers import opened
from tritone_gateway.errors import BadRequestError

PIECE_S = 1.0  # at least, of a piece but the last
_CANCELLED = 0.1  # of the channels' energy: less is left in their average where one is the inverse of another
_WITHOUT_INDEX = {
    "wav",
    "w64",
    "flac",
    "mp3",
    "aac",
    "amr",
    "amrnb",
    "amrwb",
}  # formats that end with their audio
_MOST_TAG_BYTES = 1 << 16  # after it
_SCALES = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}


async def decoded(file: BinaryIO, param: str = "file") -> AsyncGenerator[NDArray[np.float32], None]:
    """Yield the samples of a recording, (N,) 16 kHz mono in [-1, 1], decoded in worker threads.

    Raises:
        BadRequestError: it cannot be decoded.
    """
    pieces = _pieces(file, param)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _pieces(file: BinaryIO, param: str) -> Iterator[NDArray[np.float32]]:
    waiting: list[NDArray[np.float32]] = []
    for samples in _resampled(file, param):
        waiting.append(samples)
        if sum(part.size for part in waiting) >= PIECE_S * SAMPLE_RATE_HZ:
            yield np.concatenate(waiting)
            waiting = []
    if waiting:
        yield np.concatenate(waiting)


def _resampled(file: BinaryIO, param: str) -> Iterator[NDArray[np.float32]]:
    """Resample to one rate; that of a file may change where recordings were joined."""
    rate_hz = 0
    resampler: Any = None
    nothing = np.zeros(0, np.float32)
    file.seek(0)
    with opened(file, param) as container:
        for frame in _frames(container, file, param):
            if frame.sample_rate != rate_hz:
                if resampler is not None:
                    yield resampler.resample_chunk(nothing, last=True)
                rate_hz = frame.sample_rate
                resampler = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
            yield resampler.resample_chunk(_mono(frame))
    if resampler is not None:
        yield resampler.resample_chunk(nothing, last=True)


def _frames(container: InputContainer, file: BinaryIO, param: str) -> Iterator[AudioFrame]:
    """Decode all packets; refuse a file with something behind its audio, which would be lost."""
    end = 0
    for packet in container.demux(audio=0):
        end = max(end, (packet.pos or 0) + packet.size)
        yield from packet.decode()
    left = file.seek(0, io.SEEK_END) - end
    if container.format.name in _WITHOUT_INDEX and left > _MOST_TAG_BYTES:
        raise BadRequestError(
            f"{param}: expected one whole recording, got {left} bytes after it; send it without stream, "
            "which recognises joined recordings and those with a wrong length in their header.",
            param=param,
        )


def _mono(frame: Any) -> NDArray[np.float32]:
    """Average the channels of a frame, (N,) in [-1, 1]; take the loudest where they cancel out."""
    found, kind = frame.to_ndarray(), frame.format.name.removesuffix("p")
    channels = found if frame.format.is_planar else found.reshape(-1, frame.layout.nb_channels).T
    scaled = channels.astype(np.float32) / np.float32(_SCALES.get(kind, 1.0)) - np.float32(kind == "u8")
    mixed: NDArray[np.float32] = scaled.mean(axis=0)
    energies = np.einsum("cn,cn->c", scaled, scaled)
    if np.dot(mixed, mixed) * len(scaled) ** 2 < _CANCELLED * energies.sum():
        mixed = scaled[energies.argmax()]
    return mixed
