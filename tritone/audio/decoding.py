"""Turn a whole audio file into samples: any rate and channel count in, mono at one rate out."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ..contract import SAMPLE_RATE_HZ
from ..errors import AudioError
from .truncation import missing_bytes
from .validation import check_duration, check_samples

CONTAINERS = {"WAV": "WAV", "WAVEX": "WAV", "RF64": "WAV", "FLAC": "FLAC", "OGG": "OGG", "MP3": "MP3"}
_BLOCK_FRAMES = 1 << 16
_REMEDY = "send a whole WAV, FLAC, OGG or MP3 file."


def decode_audio(
    data: bytes, max_audio_s: float, sample_rate_hz: int = SAMPLE_RATE_HZ
) -> NDArray[np.float32]:
    """Decode, mix down and resample a recording.

    Decoding and resampling go block by block: memory beyond file and result does not grow with the length.

    Args:
        data: the bytes of a WAV, FLAC, OGG (Vorbis or Opus) or MP3 file.
        max_audio_s: longest recording accepted, seconds.
        sample_rate_hz: rate of the result.

    Returns:
        (N,) float32, mono in [-1, 1].

    Raises:
        AudioError: empty, unknown or damaged file, too short, too long, samples not finite or out of range.
    """
    if not data:
        raise AudioError(f"audio_bytes: expected an audio file, got 0 bytes; {_REMEDY}")
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as recording:
            _check_container(recording, data)
            check_duration(recording.frames, recording.samplerate, max_audio_s, "audio_bytes")
            samples = _resampled(recording, sample_rate_hz)
    except soundfile.LibsndfileError as error:
        raise AudioError(
            f"audio_bytes: expected a readable audio file, got {len(data)} bytes that cannot be decoded "
            f"({error.error_string.strip().rstrip('.')}); {_REMEDY}"
        ) from error
    return samples


def _check_container(recording: soundfile.SoundFile, data: bytes) -> None:
    if recording.format not in CONTAINERS:
        raise AudioError(
            f"audio_bytes: expected WAV, FLAC, OGG or MP3, got {recording.format}; convert the file."
        )
    if missing_bytes(data, recording.format):
        raise AudioError(
            f"audio_bytes: expected a whole {CONTAINERS[recording.format]} file, got one cut off after "
            f"{len(data)} bytes; send the file again, complete."
        )


def _resampled(recording: soundfile.SoundFile, sample_rate_hz: int) -> NDArray[np.float32]:
    if recording.samplerate == sample_rate_hz:
        samples = np.concatenate(list(_mono_blocks(recording)))
    else:
        resampler = soxr.ResampleStream(recording.samplerate, sample_rate_hz, 1, dtype="float32")
        blocks = [resampler.resample_chunk(block) for block in _mono_blocks(recording)]
        blocks.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        samples = np.concatenate(blocks)
    return np.clip(samples, -1.0, 1.0, out=samples)


def _mono_blocks(recording: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
    """Yield checked mono blocks; raise AudioError when fewer frames come than the header promises."""
    decoded = 0
    for block in recording.blocks(_BLOCK_FRAMES, dtype="float32", always_2d=True):
        mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
        check_samples(np.ascontiguousarray(mono), "audio_bytes")
        decoded += len(mono)
        yield mono
    # MP3 and OGG lengths are estimates that decoders may miss by a frame; FLAC and WAV are exact.
    if decoded == 0 or (recording.format == "FLAC" and decoded < recording.frames):
        raise AudioError(
            f"audio_bytes: expected {recording.frames} frames as the header says, got {decoded}; "
            "the file is damaged or cut off, send it again, complete."
        )
