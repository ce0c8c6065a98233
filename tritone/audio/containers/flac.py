"""FLAC: finds the actual number of samples and its end. The header may say neither."""

from __future__ import annotations

from dataclasses import dataclass

from .parts import Buffer, Part, after_filler, cut_off, damaged

_MARKER = b"fLaC"
_BLOCK_SAMPLES = {
    1: 192,
    2: 576,
    3: 1152,
    4: 2304,
    5: 4608,
    **{code: 256 << code - 8 for code in range(8, 16)},
}
_LONGEST_HEADER = 16
_SHORTEST_FRAME = 9


def _crc8_table() -> bytes:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte << 1 ^ (0x107 if byte & 0x80 else 0)
        table.append(byte & 0xFF)
    return bytes(table)


def _crc16_table() -> list[int]:
    table = []
    for byte in range(256):
        value = byte << 8
        for _ in range(8):
            value = value << 1 ^ (0x18005 if value & 0x8000 else 0)
        table.append(value & 0xFFFF)
    return table


_CRC8, _CRC16 = _crc8_table(), _crc16_table()


@dataclass(frozen=True)
class _Frame:
    number: int  # of the frame, or of its first sample for variable block sizes
    samples: int


def is_flac(data: Buffer, start: int) -> bool:
    """Return whether a FLAC file starts here."""
    head = data[start : start + 8]
    return head[:4] == _MARKER and head[4:5] in (b"\x00", b"\x80") and head[5:] == b"\0\0\x22"


def find_flac(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Find the frames of the FLAC file at a position.

    Returns:
        The recording, with its actual length in the header, and its end.

    Raises:
        AudioError: cut off or damaged.
    """
    position, last = start + 4, False
    while not last:
        if position + 4 > len(data):
            raise cut_off("FLAC", data, 1)
        last = bool(data[position] & 0x80)
        position += 4 + int.from_bytes(data[position + 1 : position + 4], "big")
    limit = data.find(_MARKER + b"\0\0\0\x22", position)
    limit = len(data) if limit < 0 else limit
    info = start + 8
    promised = int.from_bytes(data[info + 13 : info + 18], "big") & 0xFFFFFFFFF
    if after_filler(data, position) >= limit:
        found, end = 0, limit
    else:
        found, end = _walk(data, position, limit, info)
    if found < promised:
        raise damaged("FLAC", end, f"the end after {found} of {promised} samples")
    content = memoryview(data)[start:end]
    if found == promised:
        return [Part("FLAC", start, (content,), frames=found)], end
    high = data[info + 13] & 0xF0
    length = (high << 32 | found).to_bytes(5, "big")
    pieces = (content[:21], memoryview(length), content[26:])
    return [Part("FLAC", start, pieces, frames=found)], end


def _walk(data: Buffer, first: int, limit: int, info: int) -> tuple[int, int]:
    """Walk the frames; return their number of samples and the end of the last one."""
    sync = data[first : first + 2]
    varies = bool(sync[1:] and sync[1] & 1)
    fixed = int.from_bytes(data[info : info + 2], "big")
    frame = _frame(data, first, fixed) if sync in (b"\xff\xf8", b"\xff\xf9") else None
    if frame is None:
        raise damaged("FLAC", first, "no frame")
    samples, at = frame.samples, first
    position = first + _SHORTEST_FRAME
    while (position := data.find(sync, position, limit)) >= 0:
        found = _frame(data, position, fixed)
        if found and found.number == frame.number + (frame.samples if varies else 1):
            samples, frame, at = samples + found.samples, found, position
            position += _SHORTEST_FRAME
        else:
            position += 1
    return samples, _frame_end(data, at, limit, info, frame)


def _frame(data: Buffer, position: int, fixed: int) -> _Frame | None:
    """Read the frame header at a position; None if there is none."""
    head = data[position : position + _LONGEST_HEADER]
    if len(head) < 6 or head[3] & 1:
        return None
    extra, number = _coded_number(head)
    size_code, rate_code = head[2] >> 4, head[2] & 15
    end = 4 + extra
    samples = _BLOCK_SAMPLES.get(size_code, 0)
    if size_code in (6, 7):
        width = size_code - 5
        samples = int.from_bytes(head[end : end + width], "big") + 1
        end += width
    end += {12: 1, 13: 2, 14: 2}.get(rate_code, 0)
    crc = 0
    for byte in head[:end]:
        crc = _CRC8[crc ^ byte]
    if not extra or not samples or rate_code == 15 or head[end : end + 1] != bytes([crc]):
        return None
    return _Frame(number, samples)


def _coded_number(head: bytes) -> tuple[int, int]:
    """Read the UTF-8-like number of a frame header; return its length in bytes (0: invalid) and value."""
    first = head[4]
    if first < 0x80:
        return 1, first
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 7 or len(head) < 4 + length:
        return 0, 0
    value = first & (1 << 7 - length) - 1
    for byte in head[5 : 4 + length]:
        if byte & 0xC0 != 0x80:
            return 0, 0
        value = value << 6 | byte & 0x3F
    return length, value


def _frame_end(data: Buffer, start: int, limit: int, info: int, frame: _Frame) -> int:
    """Return the end of the last frame: where its checksum is 0 and only tags follow."""
    packed = int.from_bytes(data[info + 10 : info + 18], "big")
    channels, bits = (packed >> 41 & 7) + 1, (packed >> 36 & 31) + 1
    longest = _LONGEST_HEADER + 2 + channels * (1 + frame.samples * (bits + 1) // 8 + 8)
    crc, table, ends = 0, _CRC16, []
    for offset, byte in enumerate(data[start : min(limit, start + longest)], 1):
        crc = crc << 8 & 0xFF00 ^ table[crc >> 8 ^ byte]
        if not crc and offset >= _SHORTEST_FRAME:
            ends.append(start + offset)
    for end in reversed(ends):
        if after_filler(data, end) >= limit:
            return end
    if not ends:
        raise cut_off("FLAC", data, 1)
    return ends[0]
