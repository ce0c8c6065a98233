"""WebM and Matroska: checks that all elements are complete, and finds concatenated files.

Browsers write segments and clusters of unknown length, so every element is visited.
"""

from __future__ import annotations

from .parts import Buffer, Part, after_filler, cut_off

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_KNOWN = frozenset(  # at the top level, in a segment or in a cluster
    {
        _EBML,
        _SEGMENT,
        _CLUSTER,
        0x114D9B74,
        0x1549A966,
        0x1654AE6B,
        0x1C53BB6B,
        0x1941A469,
        0x1043A770,
        0x1254C367,
    }
    | {0xEC, 0xBF, 0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0xAF, 0x5854, 0x1B538667}
)
_UNKNOWN = -1


def is_matroska(data: Buffer, start: int) -> bool:
    """Return whether a WebM or Matroska file starts here."""
    return data[start : start + 4] == _EBML.to_bytes(4, "big")


def find_matroska(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Walk the elements of the file at a position; return the recording, and its end.

    Raises:
        AudioError: cut off.
    """
    position = start
    while after_filler(data, position) < len(data):
        element, size, content = _element(data, position)
        if element not in _KNOWN or (element == _EBML and position > start):
            break
        if element in (_SEGMENT, _CLUSTER):
            if size != _UNKNOWN and content + size > len(data):
                raise cut_off("WebM", data, content + size - len(data))
            position = content  # descend into it
            continue
        if size == _UNKNOWN:
            break
        if content + size > len(data):
            raise cut_off("WebM", data, content + size - len(data))
        position = content + size
    else:
        position = len(data)
    return [Part("WebM", start, (memoryview(data)[start:position],), demuxer="matroska")], position


def _element(data: Buffer, position: int) -> tuple[int, int, int]:
    """Return identifier (0: invalid), size and start of the content of the element at a position."""
    head = data[position : position + 12]
    if not head or not head[0] & 0xF0:
        return 0, 0, position
    id_bytes = 9 - head[0].bit_length()
    if len(head) <= id_bytes or not head[id_bytes]:
        return 0, 0, position
    size_bytes = 9 - head[id_bytes].bit_length()
    coded = head[id_bytes : id_bytes + size_bytes]
    mask = (1 << 7 * size_bytes) - 1
    size = int.from_bytes(coded, "big") & mask
    content = position + id_bytes + size_bytes
    if len(coded) < size_bytes:
        return int.from_bytes(head[:id_bytes], "big"), content - position, position
    return int.from_bytes(head[:id_bytes], "big"), _UNKNOWN if size == mask else size, content
