"""The audio of a live stream: any chunks in, blocks of 16 kHz mono out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tritone_client.calls import LOUDEST_SAMPLE, SAMPLE_RATE_HZ, Tensor
from tritone_client.errors import InvalidRequestError

LiveChunk = NDArray[np.float32] | NDArray[np.int16] | bytes

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 4000, 768_000
# The server recognises in steps of 320 ms by default. Blocks of half a step delay nothing, and a caller who
# has 10 ms at a time, as telephony does, needs no round trip for each.
BLOCK_SAMPLES = SAMPLE_RATE_HZ * 160 // 1000
LONGEST_SAMPLES = 4 * BLOCK_SAMPLES  # of one request, so that results come while a long array is recognised
FULL_SCALE = 32768.0


class LiveAudio:
    """Converts chunks of samples to blocks to send.

    Chunks are float32 in [-1, 1], int16, or bytes of 16-bit little-endian PCM, which may be split anywhere.
    Samples of 16 bits at 16 kHz are sent as they are; everything else becomes float32.
    """

    def __init__(self, sample_rate_hz: int = SAMPLE_RATE_HZ) -> None:
        """Convert audio of a sample rate.

        Raises:
            InvalidRequestError: the sample rate is out of range.
            TypeError: it is not a whole number.
        """
        if isinstance(sample_rate_hz, bool) or not isinstance(sample_rate_hz, int | np.integer):
            raise TypeError(f"sample_rate_hz: expected a whole number, got {type(sample_rate_hz).__name__}.")
        if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
            raise InvalidRequestError(
                f"sample_rate_hz: expected {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz, got {sample_rate_hz} Hz."
            )
        self._resampler = _resampler(int(sample_rate_hz))
        self._pcm16: bool | None = False if self._resampler else None  # None: as the first chunk is
        self._odd_byte = b""
        self._waiting: list[NDArray[Any]] = []
        self._waiting_samples = 0

    def add(self, chunk: LiveChunk) -> Iterator[Tensor]:
        """Take a chunk; yield the blocks that are complete.

        Raises:
            InvalidRequestError: samples of another type, with several axes, not finite, or beyond full scale.
            TypeError: neither an array nor bytes.
        """
        samples = self._samples(chunk)
        if self._resampler is not None:
            samples = self._resampler.resample_chunk(samples)
        self._wait(samples)
        whole = self._waiting_samples - self._waiting_samples % BLOCK_SAMPLES
        if whole:
            everything = np.concatenate(self._waiting)
            self._waiting, self._waiting_samples = [], 0
            self._wait(everything[whole:])
            yield from self._blocks(everything[:whole])

    def finish(self) -> Iterator[Tensor]:
        """Yield what is left, at least one block, which may be empty.

        Raises:
            InvalidRequestError: the bytes ended within a sample.
        """
        if self._odd_byte:
            raise InvalidRequestError(
                "chunks: expected bytes of whole 16-bit samples, got an odd number in all; "
                "send 16-bit little-endian mono PCM."
            )
        if self._resampler is not None:
            self._wait(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        rest = np.concatenate([*self._waiting, np.zeros(0, np.int16 if self._pcm16 else np.float32)])
        self._waiting, self._waiting_samples = [], 0
        yield from self._blocks(rest)

    def _wait(self, samples: NDArray[Any]) -> None:
        if samples.size:
            self._waiting.append(samples)
            self._waiting_samples += samples.size

    def _blocks(self, samples: NDArray[Any]) -> Iterator[Tensor]:
        for start in range(0, max(samples.size, 1), LONGEST_SAMPLES):
            block = np.ascontiguousarray(samples[np.newaxis, start : start + LONGEST_SAMPLES])
            yield Tensor("audio_pcm16", "INT16", block) if self._pcm16 else Tensor("audio", "FP32", block)

    def _samples(self, chunk: Any) -> NDArray[Any]:
        if isinstance(chunk, bytes | bytearray | memoryview):
            chunk = self._decoded(bytes(chunk))
        if not isinstance(chunk, np.ndarray):
            raise TypeError(f"chunks: expected numpy arrays or bytes of PCM, got {type(chunk).__name__}.")
        _check(chunk)
        if self._pcm16 is None:
            self._pcm16 = chunk.dtype == np.int16
        if (chunk.dtype == np.int16) == self._pcm16:
            unchanged: NDArray[Any] = chunk
            return unchanged
        if self._pcm16:  # a float chunk after some of 16 bits
            return pcm16(chunk)
        return np.divide(chunk, FULL_SCALE, dtype=np.float32)

    def _decoded(self, content: bytes) -> NDArray[np.int16]:
        content = self._odd_byte + content
        whole = len(content) - len(content) % 2
        self._odd_byte = content[whole:]
        return np.frombuffer(content[:whole], "<i2").astype(np.int16, copy=False)


def pcm16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    """Return samples in [-1, 1] as 16 bits, rounded as the server does in files; louder ones are clipped."""
    scaled: NDArray[np.float32] = np.clip(np.round(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    return scaled.astype(np.int16)


def _check(samples: NDArray[Any]) -> None:
    if samples.dtype not in (np.float32, np.int16):
        raise InvalidRequestError(
            f"chunks: expected float32 samples in [-1, 1] or int16, got {samples.dtype}; convert with "
            ".astype(numpy.float32), integers after dividing by full scale."
        )
    if samples.ndim != 1:
        raise InvalidRequestError(
            f"chunks: expected one axis, mono, got shape {samples.shape}; mix the channels to mono."
        )
    if samples.dtype == np.float32 and samples.size:
        peak = float(np.abs(samples).max())
        if not np.isfinite(peak):
            raise InvalidRequestError("chunks: expected finite samples, got NaN or infinity.")
        if peak > LOUDEST_SAMPLE:
            raise InvalidRequestError(
                f"chunks: expected samples in [-1, 1], got a peak of {peak:g}; divide integers by full scale."
            )


def _resampler(sample_rate_hz: int) -> Any:
    if sample_rate_hz == SAMPLE_RATE_HZ:
        return None
    import soxr  # not needed at 16 kHz

    return soxr.ResampleStream(sample_rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32")
