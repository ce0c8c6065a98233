"""Audio files on the client side: known suffixes, and the length of a recording."""

from __future__ import annotations

import io

import soundfile

_SUFFIXES = (
    "wav wave w64 rf64 flac ogg oga opus mp3 mp2 mpga webm weba mka mkv",
    "m4a m4b mp4 m4v mov 3gp 3gpp 3g2 aac amr awb wma",
)
AUDIO_SUFFIXES = frozenset(f".{name}" for names in _SUFFIXES for name in names.split())
FORMATS = "WAV, FLAC, OGG, MP3, WebM, MP4 or M4A, AAC, AMR or WMA"  # for messages


def duration_s(content: bytes) -> float | None:
    """Return the length of a WAV, FLAC, OGG or MP3 file in seconds, or None if its header cannot be read."""
    try:
        return float(soundfile.info(io.BytesIO(content)).duration)
    except soundfile.SoundFileError:
        return None
