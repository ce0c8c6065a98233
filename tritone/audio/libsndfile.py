"""Decode with libsndfile: WAV, FLAC, OGG (Vorbis, Opus, FLAC), MP3."""

from __future__ import annotations

from collections.abc import Iterator

import soundfile

from ..errors import AudioError
from .blocks import BLOCK_FRAMES, Block, check_format
from .containers.parts import Part
from .splicing import SplicedFile


class UnsupportedError(Exception):
    """Libsndfile does not support the file's format."""


def read_blocks(part: Part) -> Iterator[Block]:
    """Yield the samples of a recording.

    Raises:
        UnsupportedError: libsndfile cannot decode the file at all; raised before the first block.
        AudioError: damaged, or a rate or channel count out of range.
    """
    try:
        recording = soundfile.SoundFile(SplicedFile(part.pieces))
    except soundfile.LibsndfileError as error:
        raise UnsupportedError(error.error_string.strip().rstrip(".")) from error
    with recording:
        rate = recording.samplerate
        check_format(rate, recording.channels)
        decoded, length = 0, min(recording.frames, part.most_frames or recording.frames)
        try:
            # Not `blocks`, which reads past the end of GSM in WAV, as that cannot seek.
            while decoded < length:
                samples = recording.read(min(BLOCK_FRAMES, length - decoded), dtype="float32", always_2d=True)
                if not len(samples):
                    break
                decoded += len(samples)
                yield Block(rate, samples, length - decoded)
        except soundfile.LibsndfileError as error:
            raise damaged_after(part, decoded, rate, error.error_string.strip().rstrip(".")) from error
        if decoded < max(part.frames, _promised(recording, part, length)):
            raise damaged_after(part, decoded, rate, f"{max(part.frames, length)} samples expected")


def _promised(recording: soundfile.SoundFile, part: Part, length: int) -> int:
    """Return the number of samples required: lossy codecs hold some back, MP3 headers may be estimates."""
    if part.container == "MP3":
        return 0
    lossy = part.container == "OGG" or "MPEG" in recording.subtype
    return length - (recording.samplerate // 4 if lossy else 0)


def damaged_after(part: Part, decoded: int, rate: int, reason: str) -> AudioError:
    """Return the error for a recording of which only a part could be decoded."""
    return AudioError(
        f"audio_bytes: expected a whole {part.container} file, got one that cannot be decoded after "
        f"{decoded / rate:.2f} s of the recording at byte {part.start} ({reason}); the file is damaged or "
        "cut off, send it again, complete."
    )
