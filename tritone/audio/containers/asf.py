"""ASF (WMA): checks that all objects are complete, and finds concatenated files."""

from __future__ import annotations

from .parts import Buffer, Part, after_filler, cut_off

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_DATA = bytes.fromhex("3626b2758e66cf11a6d900aa0062ce6c")
_INDICES = (  # simple index, marker index, media object index, timecode index
    bytes.fromhex("90080033b1e5cf1189f400a0c90349cb"),
    bytes.fromhex("d329e2d6da35d111903400a0c90349be"),
    bytes.fromhex("f803b1fead12644c840f2a1d2f7ad48c"),
    bytes.fromhex("d03fb73c4a0c0348953dedf7b6228f0c"),
)
_OBJECT_HEADER_BYTES = 24


def is_asf(data: Buffer, start: int) -> bool:
    """Return whether an ASF file starts here."""
    return data[start : start + 16] == _HEADER


def find_asf(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Walk the objects of the ASF file at a position; return the recording, and its end.

    Raises:
        AudioError: cut off.
    """
    position = start
    while after_filler(data, position) < len(data):
        head = data[position : position + _OBJECT_HEADER_BYTES]
        size = int.from_bytes(head[16:], "little")
        if position > start and head[:16] not in (_DATA, *_INDICES):
            break
        if len(head) < _OBJECT_HEADER_BYTES or position + size > len(data):
            raise cut_off("WMA", data, max(1, position + size - len(data)))
        if head[:16] == _DATA and size <= _OBJECT_HEADER_BYTES + 26:  # not finalised: extends to the end
            position = len(data)
        elif size < _OBJECT_HEADER_BYTES:
            break
        else:
            position += size
    return [
        Part("WMA", start, (memoryview(data)[start : min(position, len(data))],), demuxer="asf")
    ], position
