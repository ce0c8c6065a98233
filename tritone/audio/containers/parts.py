"""The recordings of a file, and the tags and padding around them."""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from ...errors import AudioError

Buffer = bytes | mmap.mmap  # a whole file
Pieces = tuple[memoryview, ...]

_STRAY = b"\0\r\n\t \x1a"  # at the end of a file processed by text tools
_STRAY_BYTES = 4
_APE_FOOTER_BYTES = 32
_LYRICS_LONGEST_BYTES = 5100


@dataclass(frozen=True)
class Part:
    """A recording; concatenated files have several."""

    container: str  # name for error messages
    start: int  # offset in the file, bytes
    pieces: Pieces  # content for the decoder: concatenated, a complete file
    demuxer: str = ""  # FFmpeg's name of the format; empty: only libsndfile is tried
    prefers_ffmpeg: bool = True  # with a demuxer: libsndfile is not tried first
    frames: int = 0  # lower bound on the samples per channel; 0: unknown
    most_frames: int = 0  # upper bound on the samples per channel, as a decoder may invent some; 0: none


def cut_off(container: str, data: Buffer, missing: int) -> AudioError:
    """Return the error for a file whose end is missing."""
    return AudioError(
        f"audio_bytes: expected a whole {container} file, got one cut off after {len(data)} bytes "
        f"({missing} or more are missing); send the file again, complete."
    )


def damaged(container: str, position: int, what: str) -> AudioError:
    """Return the error for a damaged file; `what` is what was found at `position`."""
    return AudioError(
        f"audio_bytes: expected a whole {container} file, got {what} at byte {position}; "
        "the file is damaged, send it again, complete."
    )


def after_filler(data: Buffer, position: int) -> int:
    """Return the position after padding and tags; len(data) if nothing else follows."""
    while position < len(data):
        moved = _after_zeros(data, position)
        if moved == position:
            moved = position + tag_bytes(data, position)
        if moved == position:
            break
        position = moved
    rest = data[position : position + _STRAY_BYTES + 1]
    if len(rest) <= 1 or (len(rest) <= _STRAY_BYTES and not rest.strip(_STRAY)):  # or one padding byte
        return len(data)
    return position


def tag_bytes(data: Buffer, position: int) -> int:
    """Return the length of the ID3, APE or Lyrics3 tag at a position, 0 if there is none."""
    head = data[position : position + 32]
    if head[:3] == b"ID3" and len(head) >= 10 and max(head[6:10]) < 0x80 and 0xFF not in head[3:5]:
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        return 10 + size + (10 if head[5] & 0x10 else 0)
    if head[:3] == b"TAG" and len(data) - position in (128, 128 + 227):
        return len(data) - position
    if head[:3] == b"TAG" and len(data) - position > 128 and _is_id3v1(data[position : position + 128]):
        return 128
    if head[:8] == b"APETAGEX" and len(head) == 32:
        size, flags = int.from_bytes(head[12:16], "little"), int.from_bytes(head[20:24], "little")
        is_header = bool(flags & 1 << 29)
        return _APE_FOOTER_BYTES + size if is_header else _APE_FOOTER_BYTES
    if head[:11] == b"LYRICSBEGIN":
        lyrics = data[position : position + _LYRICS_LONGEST_BYTES]
        end = max(lyrics.find(b"LYRICSEND"), lyrics.find(b"LYRICS200"))
        return end + 9 if end > 0 else 0
    return 0


def _is_id3v1(tag: bytes) -> bool:
    fields = tag[3:33].rstrip(b"\0 "), tag[33:63].rstrip(b"\0 "), tag[93:97].rstrip(b"\0 ")
    return all(byte >= 0x20 for field in fields for byte in field) and fields[2].isdigit() | (not fields[2])


def _after_zeros(data: Buffer, position: int) -> int:
    while position < len(data):
        block = data[position : position + 4096]
        rest = block.lstrip(b"\0")
        position += len(block) - len(rest)
        if rest:
            break
    return position
