"""Detect recordings that were cut off in transit.

libsndfile silently reads what is left of a truncated file, so half a recording would come back as a
confident half transcript. Each container says in its own way how long it should be.
"""

from __future__ import annotations

import struct

_RIFF_UNKNOWN_SIZES = (0, 0xFFFFFFFF, 0x7FFFFFFF)  # what streaming writers leave in the data chunk
_OGG_END_OF_STREAM = 0x04

# ISO/IEC 11172-3 and 13818-3, Layer III.
_MP3_BITRATES_KBPS = {
    1: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_MP3_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def missing_bytes(data: bytes, container: str) -> int:
    """Return how many bytes are missing at least at the end of a file; 0 when it looks complete.

    Args:
        data: the whole file.
        container: libsndfile's major format: WAV, WAVEX, OGG or MP3. FLAC is not looked at: its frame count
            is compared after decoding.
    """
    if container in ("WAV", "WAVEX"):
        return _riff_missing(data)
    if container == "OGG":
        return _ogg_missing(data)
    if container == "MP3":
        return _mp3_missing(data)
    return 0


def _riff_missing(data: bytes) -> int:
    order = ">" if data[:4] == b"RIFX" else "<"
    position = 12
    while position + 8 <= len(data):
        name, size = struct.unpack_from(f"{order}4sI", data, position)
        position += 8
        if name == b"data":
            return 0 if size in _RIFF_UNKNOWN_SIZES else max(0, position + size - len(data))
        position += size + size % 2
    return 0


def _ogg_missing(data: bytes) -> int:
    last = data.rfind(b"OggS")
    if last < 0 or last + 27 > len(data):
        return 1
    segments = data[last + 26]
    lacing = data[last + 27 : last + 27 + segments]
    end = last + 27 + segments + sum(lacing)
    if end > len(data):
        return end - len(data)
    return 0 if data[last + 5] & _OGG_END_OF_STREAM else 1


def _mp3_frame_bytes(data: bytes, position: int) -> int:
    """Length of the Layer III frame at `position`, or 0 where no frame header stands."""
    if position + 4 > len(data):
        return 0
    header = int.from_bytes(data[position : position + 4], "big")
    version, layer = header >> 19 & 3, header >> 17 & 3
    bitrate_index, rate_index, padding = header >> 12 & 15, header >> 10 & 3, header >> 9 & 1
    if header >> 21 != 0x7FF or version == 1 or layer != 1 or rate_index == 3 or bitrate_index in (0, 15):
        return 0
    bitrate = _MP3_BITRATES_KBPS[1 if version == 3 else 2][bitrate_index] * 1000
    bytes_per_bit_rate = 144 if version == 3 else 72  # samples per frame, divided by 8 bits
    return bytes_per_bit_rate * bitrate // _MP3_RATES_HZ[version][rate_index] + padding


def _mp3_start(data: bytes) -> int:
    """Offset of the first frame: after an ID3v2 tag and any padding."""
    position = 0
    if data[:3] == b"ID3" and len(data) > 10:
        size = 0
        for byte in data[6:10]:
            size = size << 7 | byte & 0x7F
        position = 10 + size
    while 0 <= position < len(data):
        length = _mp3_frame_bytes(data, position)
        if length and (position + length >= len(data) or _mp3_frame_bytes(data, position + length)):
            return position
        position = data.find(b"\xff", position + 1)
    return -1


def _mp3_missing(data: bytes) -> int:
    start = _mp3_start(data)
    if start < 0:
        return 0
    promised = _mp3_promised_bytes(data, start)
    if promised:
        return max(0, start + promised - len(data))
    position = start
    while length := _mp3_frame_bytes(data, position):
        position += length
    return max(0, position - len(data))


def _mp3_promised_bytes(data: bytes, start: int) -> int:
    """Stream length written by the encoder into the Xing or Info frame, 0 if there is none."""
    frame = data[start : start + _mp3_frame_bytes(data, start)]
    for marker in (b"Xing", b"Info"):
        tag = frame.find(marker, 4)
        if tag < 0 or tag + 16 > len(frame):
            continue
        flags = int.from_bytes(frame[tag + 4 : tag + 8], "big")
        if flags & 2:
            offset = tag + 8 + (4 if flags & 1 else 0)
            return int.from_bytes(frame[offset : offset + 4], "big")
    return 0
