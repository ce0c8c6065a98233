"""Sequences of frames without an index: AAC in ADTS, and AMR narrow-band and wide-band."""

from __future__ import annotations

from .parts import Buffer, Part, after_filler, cut_off, tag_bytes

_ADTS_HEADER_BYTES = 7
_FRAMES_TO_CONFIRM = 3
_MOST_TAGS = 10  # in a row
_AMR = b"#!AMR\n"
_AMR_WB = b"#!AMR-WB\n"
# Bytes of a frame after its first, by frame type (3GPP TS 26.101 and 26.201); -1: no such type.
_AMR_BYTES = (12, 13, 15, 17, 19, 20, 26, 31, 5, 6, 5, 5, -1, -1, -1, 0)
_AMR_WB_BYTES = (17, 23, 32, 36, 40, 46, 50, 58, 60, 5, -1, -1, -1, -1, 0, 0)


def is_adts(data: Buffer, start: int) -> bool:
    """Return whether AAC frames start here, possibly after ID3 tags."""
    position = _after_tags(data, start)
    stream = None
    for count in range(_FRAMES_TO_CONFIRM):
        size = _adts_bytes(data, position)
        found = data[position + 1 : position + 4]
        if not size or (stream and _adts_stream(found) != stream):
            return count > 0 and position == len(data)
        stream, position = _adts_stream(found), position + size
        if position > len(data):
            return count > 0
    return True


def find_adts(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Find all AAC frames from a position on; return a recording per stream, and their end.

    Raises:
        AudioError: cut off.
    """
    parts: list[Part] = []
    first = position = _after_tags(data, start)
    stream = None

    def close(end: int) -> None:
        if end > first:
            parts.append(Part("AAC", first, (memoryview(data)[first:end],), demuxer="aac"))

    while position < len(data):
        if size := _adts_bytes(data, position):
            found = _adts_stream(data[position + 1 : position + 4])
            if found != stream:
                close(position)
                first, stream = position, found
            position += size
            if position > len(data):
                raise cut_off("AAC", data, position - len(data))
        elif tag := tag_bytes(data, position):
            close(position)
            position += tag
            first = position
        else:
            break
    close(position)
    return parts, position


def is_amr(data: Buffer, start: int) -> bool:
    """Return whether an AMR file starts here."""
    return data[start : start + len(_AMR)] == _AMR or data[start : start + len(_AMR_WB)] == _AMR_WB


def find_amr(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Find the frames of the AMR file at a position; return the recording, and its end.

    Raises:
        AudioError: cut off or damaged.
    """
    wide = data[start : start + len(_AMR_WB)] == _AMR_WB
    sizes = _AMR_WB_BYTES if wide else _AMR_BYTES
    position = start + len(_AMR_WB if wide else _AMR)
    while position < len(data) and not is_amr(data, position):
        first = data[position]
        size = sizes[first >> 3 & 15]
        if first & 0x83 or size < 0 or (not first and after_filler(data, position) == len(data)):
            break
        position += 1 + size
    if position > len(data):
        raise cut_off("AMR", data, position - len(data))
    return [Part("AMR", start, (memoryview(data)[start:position],), demuxer="amr")], position


def _after_tags(data: Buffer, position: int) -> int:
    for _ in range(_MOST_TAGS):
        position += tag_bytes(data, position)
    return position


def _adts_bytes(data: Buffer, position: int) -> int:
    """Return the length of the ADTS frame at a position, 0 if there is none."""
    head = data[position : position + _ADTS_HEADER_BYTES]
    if len(head) < _ADTS_HEADER_BYTES or head[0] != 0xFF or head[1] & 0xF6 != 0xF0:
        return 0
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    rate_index = head[2] >> 2 & 15
    return size if size >= _ADTS_HEADER_BYTES and rate_index < 13 else 0


def _adts_stream(head: bytes) -> tuple[int, int]:
    """Return the header fields that are equal in all frames of a stream: version, profile, rate; channels."""
    return head[1] & 0xFD | (head[0] & 8) << 8, head[2] & 0xC0
