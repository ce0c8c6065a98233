"""Split a file into its recordings, such that nothing in it is dropped silently."""

from __future__ import annotations

from ...errors import AudioError
from .asf import find_asf, is_asf
from .flac import find_flac, is_flac
from .framed import find_adts, find_amr, is_adts, is_amr
from .matroska import find_matroska, is_matroska
from .mp4 import find_mp4, is_mp4
from .mpeg_audio import find_first_frame, find_mpeg_audio, is_mpeg_audio
from .ogg import find_ogg, is_ogg
from .parts import Buffer, Part, after_filler
from .riff import find_wave, is_wave

FORMATS = "WAV, FLAC, OGG, MP3, WebM, MP4 or M4A, AAC, AMR or WMA"
REMEDY = f"send a whole {FORMATS} file."
_MOST_PARTS = 1000
_OTHERS = {
    b"FORM": "AIFF",
    b".snd": "AU",
    b"caff": "CAF",
    b"FLV\x01": "FLV",
    b"wvpk": "WavPack",
    b"MAC ": "APE",
}


def find_parts(data: Buffer) -> list[Part]:
    """Find the recordings in a file: one, or several in concatenated files.

    Args:
        data: the whole file, at least one byte.

    Raises:
        AudioError: unknown format, cut off, damaged, or with other content between recordings.
    """
    parts: list[Part] = []
    position = 0 if is_recording(data, 0) else _start(data)
    while position < len(data):
        found, end = _find(data, position)
        if end <= position or not (found or parts or after_filler(data, end) == len(data)):
            raise _left(data, position, parts)
        parts += found
        if len(parts) > _MOST_PARTS:
            raise AudioError(
                f"audio_bytes: expected at most {_MOST_PARTS} joined recordings, got more; "
                "send them separately."
            )
        position = end if is_recording(data, end) else after_filler(data, end)
    return parts


def is_recording(data: Buffer, position: int) -> bool:
    """Return whether a recording of a known format starts here."""
    return any(begins(data, position) for begins, _ in _CONTAINERS)


def _find(data: Buffer, position: int) -> tuple[list[Part], int]:
    for begins, find in _CONTAINERS:
        if begins(data, position):
            return find(data, position)
    return [], position


_CONTAINERS = (  # per format: whether a file starts at a position, and the function that splits it
    (is_wave, lambda data, position: find_wave(data, position, is_recording)),
    (is_flac, find_flac),
    (is_ogg, find_ogg),
    (is_matroska, find_matroska),
    (is_mp4, find_mp4),
    (is_amr, find_amr),
    (is_asf, find_asf),
    (is_mpeg_audio, find_mpeg_audio),
    (is_adts, find_adts),
)


def _start(data: Buffer) -> int:
    """Return where the first recording starts after tags or zeros, for MP3 also after junk."""
    position = after_filler(data, 0)
    if position < len(data) and is_recording(data, position):
        return position
    first = find_first_frame(data)
    if first >= 0:
        return first
    name = _OTHERS.get(data[:4])
    if name:
        raise AudioError(f"audio_bytes: expected {FORMATS}, got {name}; convert the file.")
    raise AudioError(
        f"audio_bytes: expected a readable audio file, got {len(data)} bytes that cannot be decoded "
        f"(format not recognised); {REMEDY}"
    )


def _left(data: Buffer, position: int, parts: list[Part]) -> AudioError:
    kinds = " and ".join(dict.fromkeys(part.container for part in parts)) or "its header"
    return AudioError(
        f"audio_bytes: expected a whole recording, got {len(data) - position} of {len(data)} bytes left that "
        f"cannot be decoded, from byte {position} on, after {kinds}; the file is damaged or holds something "
        "else, send it again, complete."
    )
