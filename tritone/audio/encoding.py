"""Encode samples as an audio file."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..errors import AudioError
from .validation import check_longest, check_samples

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8000, 192_000
_BLOCK_FRAMES = 1 << 16  # libsndfile's lossy encoders hold a whole write on the stack


@dataclass(frozen=True)
class Encoding:
    """libsndfile's parameters for one format."""

    container: str  # libsndfile's major format
    subtype: str  # libsndfile's subtype
    rates_hz: tuple[int, ...] = ()  # supported by the codec; empty: any


_MP3_RATES_HZ = (8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_OPUS_RATES_HZ = (8000, 12_000, 16_000, 24_000, 48_000)

PCM = "pcm"  # int16, little-endian, without a header
ENCODINGS = {
    "wav": Encoding("WAV", "PCM_16"),
    "flac": Encoding("FLAC", "PCM_16"),
    "ogg": Encoding("OGG", "OPUS", _OPUS_RATES_HZ),
    "mp3": Encoding("MP3", "MPEG_LAYER_III", _MP3_RATES_HZ),
}
FORMATS = (*ENCODINGS, PCM)


def read_format(data: bytes) -> str:
    """Return the name of the format in a `format` tensor.

    Raises:
        AudioError: unknown format.
    """
    name = data.decode("utf-8", "replace")
    if name not in FORMATS:
        shown = repr(name) if len(name) <= 20 else f"{len(name)} characters"
        raise AudioError(
            f"format: expected {', '.join(FORMATS[:-1])} or {PCM}, got {shown}; send one of these."
        )
    return name


def encode_audio(
    samples: NDArray[np.float32], sample_rate_hz: int, audio_format: str, max_audio_s: float = math.inf
) -> bytes:
    """Encode a recording.

    Samples beyond full scale are clipped. wav, flac and pcm carry the same int16: round(sample * 32768).
    ogg is Opus, mp3 has a variable bit rate; both codecs support certain rates only; other rates are
    resampled to the next higher one (22,050 Hz becomes Opus at 24,000 Hz). Decoders return the same number of
    samples. Equal samples give equal bytes, except for ogg, whose stream numbers are random.

    Args:
        samples: (N,) float32, mono in [-1, 1], at least one.
        sample_rate_hz: their rate; pcm does not contain it.
        audio_format: one of FORMATS.
        max_audio_s: longest recording accepted, seconds.

    Returns:
        The content of a file, or raw samples for pcm.

    Raises:
        AudioError: no samples, too many, not finite or far out of range, or a rate out of range.
    """
    if samples.size == 0:
        raise AudioError("audio: expected samples, got none (length 0); send audio to encode.")
    if not LOWEST_RATE_HZ <= sample_rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"sample_rate_hz: expected {LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ}, got {sample_rate_hz}; resample."
        )
    check_longest(samples.size, sample_rate_hz, max_audio_s)
    check_samples(samples)
    if audio_format == PCM:
        return _int16(samples).astype("<i2").tobytes()
    encoding = ENCODINGS[audio_format]
    if encoding.rates_hz:
        rate = _codec_rate(sample_rate_hz, encoding.rates_hz)
        return _written(np.clip(_resampled(samples, sample_rate_hz, rate), -1.0, 1.0), rate, encoding)
    return _written(_int16(samples), sample_rate_hz, encoding)


def _written(content: NDArray[Any], rate_hz: int, encoding: Encoding) -> bytes:
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", rate_hz, channels=1, format=encoding.container, subtype=encoding.subtype
    ) as recording:
        for start in range(0, content.size, _BLOCK_FRAMES):
            recording.write(content[start : start + _BLOCK_FRAMES])
    return file.getvalue()


def _int16(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    scaled: NDArray[np.float32] = np.rint(samples * np.float32(32_768))
    return np.clip(scaled, -32_768, 32_767).astype(np.int16)


def _codec_rate(rate_hz: int, known: tuple[int, ...]) -> int:
    """Return the lowest supported rate that loses no bandwidth, else the highest."""
    return next((candidate for candidate in known if candidate >= rate_hz), known[-1])


def _resampled(samples: NDArray[np.float32], rate_hz: int, wanted_hz: int) -> NDArray[np.float32]:
    return samples if rate_hz == wanted_hz else soxr.resample(samples, rate_hz, wanted_hz)
