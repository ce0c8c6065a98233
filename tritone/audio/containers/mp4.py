"""MP4 and related formats (M4A, MOV, 3GP): checks that all boxes are complete, finds joined files."""

from __future__ import annotations

from ...errors import AudioError
from .parts import Buffer, Part, after_filler, cut_off

_FIRST = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_HEADER_BYTES = 8


def is_mp4(data: Buffer, start: int) -> bool:
    """Return whether an MP4 file starts here. Old MOV files start with other boxes than `ftyp`."""
    size, name = _box(data, start)
    if name == b"ftyp":
        return 16 <= size <= 4096
    return start == 0 and name in _FIRST and size >= _HEADER_BYTES


def find_mp4(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Walk the boxes of the MP4 file at a position; return the recording, and its end.

    Raises:
        AudioError: cut off, or its index is missing.
    """
    names: set[bytes] = set()
    position = start
    while after_filler(data, position) < len(data):
        size, name = _box(data, position)
        if not _is_name(name) or 0 < size < _HEADER_BYTES or (name == b"ftyp" and names):
            break
        if size == 0:  # to the end of the file
            size = len(data) - position
        if position + size > len(data):
            raise cut_off("MP4", data, position + size - len(data))
        names.add(name)
        position += size
    else:
        position = len(data)
    if b"moov" not in names:
        raise AudioError(
            f"audio_bytes: expected a whole MP4 file, got one without its index (moov) in {len(data)} bytes: "
            "it was not finalised or is cut off; repair it, or send the complete file."
        )
    return [Part("MP4", start, (memoryview(data)[start:position],), demuxer="mov")], position


def _box(data: Buffer, position: int) -> tuple[int, bytes]:
    """Return size (with header) and name of the box at a position."""
    head = data[position : position + 16]
    size, name = int.from_bytes(head[:4], "big"), head[4:8]
    if len(head) < _HEADER_BYTES:
        return 0, b""
    return (int.from_bytes(head[8:], "big") if size == 1 else size), name


def _is_name(name: bytes) -> bool:
    return len(name) == 4 and all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in name)
