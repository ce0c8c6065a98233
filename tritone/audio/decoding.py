"""Decode an audio file of any rate and channel count to mono samples at one rate."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import numpy as np
import soxr
from numpy.typing import NDArray

from ..contract import SAMPLE_RATE_HZ
from ..errors import AudioError
from . import ffmpeg, libsndfile
from .blocks import Block
from .containers import REMEDY, find_parts
from .containers.parts import Buffer, Part
from .downmixing import mono
from .validation import check_duration, check_samples


def decode_audio(
    data: Buffer, max_audio_s: float, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> NDArray[np.float32]:
    """Decode, downmix and resample a whole file; see `decoded_blocks`.

    Returns:
        (N,) float32, mono in [-1, 1].
    """
    return np.concatenate(list(decoded_blocks(data, max_audio_s, sample_rate_hz)))


def decoded_blocks(
    data: Buffer, max_audio_s: float, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> Iterator[NDArray[np.float32]]:
    """Decode, downmix and resample a whole file, block by block.

    Memory use does not depend on the length. Concatenated files are decoded as one recording.

    Args:
        data: the bytes of a file in one of `containers.FORMATS`.
        max_audio_s: longest recording accepted, seconds; decoding stops as soon as it is exceeded.
        sample_rate_hz: of the result.

    Yields:
        (N,) float32, mono in [-1, 1].

    Raises:
        AudioError: empty, unknown, damaged or cut-off file, too short, too long, samples not finite or out of
            range. Discard blocks yielded before.
    """
    if not data:
        raise AudioError(f"audio_bytes: expected an audio file, got 0 bytes; {REMEDY}")
    parts = find_parts(data)
    blocks = _within_limits(chain.from_iterable(map(_read_blocks, parts)), max_audio_s)
    for samples in _resampled(blocks, sample_rate_hz):
        yield np.clip(samples, -1.0, 1.0, out=samples)


def _read_blocks(part: Part) -> Iterator[Block]:
    if part.demuxer and part.prefers_ffmpeg:
        yield from ffmpeg.read_blocks(part)
        return
    try:
        yield from libsndfile.read_blocks(part)
    except libsndfile.UnsupportedError as error:
        if not part.demuxer:
            raise AudioError(
                f"audio_bytes: expected a readable audio file, got {part.container} that cannot be decoded "
                f"({error}); {REMEDY}"
            ) from error
        yield from ffmpeg.read_blocks(part)


def _within_limits(blocks: Iterator[Block], max_audio_s: float) -> Iterator[Block]:
    """Pass blocks through; raise AudioError as soon as they are too long, or at the end if too short."""
    before_s, frames, rate = 0.0, 0, SAMPLE_RATE_HZ
    for block in blocks:
        if block.sample_rate_hz != rate:
            before_s, frames, rate = before_s + frames / rate, 0, block.sample_rate_hz
        frames += len(block.samples)
        _check_longest(before_s + (frames + block.frames_to_come) / rate, max_audio_s)
        yield block
    if not before_s:
        check_duration(frames, rate, max_audio_s, "audio_bytes")


def _check_longest(length_s: float, max_audio_s: float) -> None:
    # Tolerates rounding: exactly an hour must be accepted at any rate.
    if length_s > max_audio_s + 1e-6:
        check_duration(round(length_s * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ, max_audio_s, "audio_bytes")


def _resampled(blocks: Iterator[Block], sample_rate_hz: int) -> Iterator[NDArray[np.float32]]:
    """Downmix, check and resample blocks."""
    rate, resampler = 0, None
    for block in blocks:
        if block.sample_rate_hz != rate:
            if resampler is not None:
                yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
            rate, resampler = block.sample_rate_hz, None
            if rate != sample_rate_hz:
                resampler = soxr.ResampleStream(rate, sample_rate_hz, 1, dtype="float32")
        samples = mono(block.samples)
        check_samples(samples, "audio_bytes")
        yield samples if resampler is None else resampler.resample_chunk(samples)
    if resampler is not None:
        yield resampler.resample_chunk(np.zeros(0, np.float32), last=True)
