"""The samples of a recording, decoded piece by piece for recognition while it is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import Any, BinaryIO

import numpy as np
import soxr
from numpy.typing import NDArray
from tritone_client.streaming.audio import pcm16

from tritone_gateway.audio.containers import opened

RATE_HZ = 16_000  # of the samples
PIECE_S = 1.0  # at least, of a piece but the last
_SCALES = {"u8": 2.0**7, "s16": 2.0**15, "s32": 2.0**31, "s64": 2.0**63}


async def decoded(file: BinaryIO, param: str = "file") -> AsyncGenerator[NDArray[np.int16], None]:
    """Yield the samples of a recording, 16 kHz mono int16, decoded in worker threads.

    Raises:
        BadRequestError: it cannot be decoded.
    """
    pieces = _pieces(file, param)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _pieces(file: BinaryIO, param: str) -> Iterator[NDArray[np.int16]]:
    waiting: list[NDArray[np.float32]] = []
    for samples in _resampled(file, param):
        waiting.append(samples)
        if sum(part.size for part in waiting) >= PIECE_S * RATE_HZ:
            yield pcm16(np.concatenate(waiting))
            waiting = []
    if waiting:
        yield pcm16(np.concatenate(waiting))


def _resampled(file: BinaryIO, param: str) -> Iterator[NDArray[np.float32]]:
    """Resample to one rate; that of a file may change where recordings were joined."""
    rate_hz = 0
    resampler: Any = None
    nothing = np.zeros(0, np.float32)
    file.seek(0)
    with opened(file, param) as container:
        for frame in container.decode(audio=0):
            if frame.sample_rate != rate_hz:
                if resampler is not None:
                    yield resampler.resample_chunk(nothing, last=True)
                rate_hz = frame.sample_rate
                resampler = soxr.ResampleStream(rate_hz, RATE_HZ, 1, dtype="float32")
            yield resampler.resample_chunk(_mono(frame))
    if resampler is not None:
        yield resampler.resample_chunk(nothing, last=True)


def _mono(frame: Any) -> NDArray[np.float32]:
    """Average the channels of a frame, (N,) in [-1, 1]."""
    found, kind = frame.to_ndarray(), frame.format.name.removesuffix("p")
    channels = found if frame.format.is_planar else found.reshape(-1, frame.layout.nb_channels).T
    mixed = channels.mean(axis=0, dtype=np.float32)
    if kind == "u8":
        mixed -= _SCALES[kind]
    scaled: NDArray[np.float32] = mixed / np.float32(_SCALES.get(kind, 1.0))
    return scaled
