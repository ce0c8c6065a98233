"""WAV and its 64-bit variants (RF64, BW64, Sony Wave64): finds the samples without trusting the sizes.

Recorders and pipes write placeholder sizes, which some never correct. The decoder gets a WAV file made of the
format chunk and all samples.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from ...errors import AudioError
from .parts import Buffer, Part, after_filler, cut_off, tag_bytes

_LOWEST_PLACEHOLDER = 0x7FFFF000  # written by streaming writers as the data chunk's size, up to 0xFFFFFFFF
_MOST_CHUNKS = 10_000  # before and after the samples
_LONGEST_HEADER = 1024  # a data size that includes the header is too large by up to this
_W64_RIFF = bytes.fromhex("726966662e91cf11a5d628db04c10000")
_W64_WAVE = bytes.fromhex("77617665f3acd3118cd100c04f8edb8a")
_W64_TAIL = _W64_WAVE[4:]  # of every chunk's name

_GSM, _GSM_BLOCK_BYTES, _GSM_BLOCK_FRAMES = b"\x31\0", 65, 320

IsRecording = Callable[[Buffer, int], bool]


@dataclass(frozen=True)
class _Chunk:
    name: bytes
    start: int  # of the content
    size: int  # of the content, according to the header

    @property
    def end(self) -> int:
        return self.start + self.size


@dataclass(frozen=True)
class _Layout:
    """How the file at `start` is laid out."""

    start: int
    form: bytes  # RIFF or RIFX, for the header that is written
    header_bytes: int  # before the first chunk
    chunk_header_bytes: int
    alignment: int  # of chunks

    @property
    def order(self) -> str:
        return ">" if self.form == b"RIFX" else "<"

    def chunk(self, data: Buffer, position: int) -> _Chunk | None:
        """Read the header of the chunk at a position, None if there is none."""
        head = data[position : position + self.chunk_header_bytes]
        if len(head) < self.chunk_header_bytes or not all(0x20 <= byte < 0x7F for byte in head[:4]):
            return None
        if self.chunk_header_bytes == 8:
            return _Chunk(head[:4], position + 8, struct.unpack(f"{self.order}I", head[4:])[0])
        if head[4:16] != _W64_TAIL:
            return None
        size = int.from_bytes(head[16:], "little")  # of the header too
        return _Chunk(head[:4], position + 24, max(0, size - 24))

    def padded(self, chunk: _Chunk) -> int:
        """Return where the next chunk should start."""
        return chunk.end + -chunk.size % self.alignment

    def after(self, data: Buffer, chunk: _Chunk) -> int:
        """Return where the next chunk starts; some writers do not pad odd sizes."""
        padded = self.padded(chunk)
        unpadded = self.chunk(data, padded) is None and self.chunk(data, chunk.end) is not None
        return chunk.end if unpadded else padded


def is_wave(data: Buffer, start: int) -> bool:
    """Return whether a WAV file or a 64-bit variant starts here."""
    return _layout(data, start) is not None


def _layout(data: Buffer, start: int) -> _Layout | None:
    head = data[start : start + 40]
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64") and head[8:12] == b"WAVE":
        return _Layout(start, b"RIFX" if head[:4] == b"RIFX" else b"RIFF", 12, 8, 2)
    if head[:16] == _W64_RIFF and head[24:40] == _W64_WAVE:
        return _Layout(start, b"RIFF", 40, 24, 8)
    return None


def find_wave(data: Buffer, start: int, is_recording: IsRecording) -> tuple[list[Part], int]:
    """Find the samples of the WAV file at a position.

    Args:
        data: the whole file.
        start: offset of the WAV file.
        is_recording: whether a recording of any format starts at a position.

    Returns:
        The recording, and its end.

    Raises:
        AudioError: cut off, or without format or samples.
    """
    layout = _layout(data, start)
    assert layout is not None
    head: dict[bytes, _Chunk] = {}
    position = start + layout.header_bytes
    for _ in range(_MOST_CHUNKS):
        chunk = layout.chunk(data, position)
        if chunk is None or chunk.name == b"data":
            break
        head.setdefault(chunk.name, chunk)
        position = layout.after(data, chunk)
    if chunk is None or chunk.name != b"data" or b"fmt " not in head:
        if position + layout.chunk_header_bytes > len(data):
            raise cut_off("WAV", data, position + layout.chunk_header_bytes - len(data))
        raise AudioError(
            "audio_bytes: expected a readable audio file, got a WAV header with no format or no samples "
            f"after it (searched up to byte {position}); send a whole file."
        )
    size = chunk.size
    if size == 0xFFFFFFFF and b"ds64" in head:
        size = int.from_bytes(data[head[b"ds64"].start + 8 : head[b"ds64"].start + 16], "little")
    samples_end, end = _ends(data, layout, chunk.start, size, is_recording)
    return [_part(data, layout, head, memoryview(data)[chunk.start : samples_end])], end


def _ends(data: Buffer, layout: _Layout, first: int, size: int, is_recording: IsRecording) -> tuple[int, int]:
    """Return the end of the samples and of the file."""
    missing = first + size - len(data)
    if missing > 0 and size >= _LOWEST_PLACEHOLDER:
        return _next_file(data, first)
    if missing > min(first - layout.start, _LONGEST_HEADER):
        raise cut_off("WAV", data, missing)
    if missing > 0:
        return len(data), len(data)
    end = _after_chunks(data, layout, _Chunk(b"data", first, size), is_recording)
    # There are more samples than the size says, for instance because the recorder was stopped early.
    return (first + size, end) if end is not None else _next_file(data, first)


def _next_file(data: Buffer, first: int) -> tuple[int, int]:
    """Return, twice, the start of a WAV file after the samples, or the end of the data."""
    position = data.find(b"WAVEfmt ", first + 8)
    while position >= 0 and not is_wave(data, position - 8):
        position = data.find(b"WAVEfmt ", position + 1)
    end = position - 8 if position >= 0 else len(data)
    return end, end


def _after_chunks(data: Buffer, layout: _Layout, chunk: _Chunk, is_recording: IsRecording) -> int | None:
    """Return the end of the file if only chunks follow the samples, else None."""
    for _ in range(_MOST_CHUNKS):
        if after_filler(data, chunk.end) == len(data):
            return len(data)
        for candidate in (chunk.end, layout.padded(chunk)):
            if is_recording(data, candidate):
                return candidate
        if tag := tag_bytes(data, chunk.end):
            chunk = _Chunk(b"", chunk.end, tag)
            continue
        following = layout.chunk(data, layout.after(data, chunk))
        if following is None or following.name == b"data" or following.end > len(data):
            return None
        chunk = following
    return None


def _part(data: Buffer, layout: _Layout, head: dict[bytes, _Chunk], samples: memoryview) -> Part:
    pack = f"{layout.order}4sI"
    chunks = b""
    for name in (b"fmt ", b"fact"):
        if name in head:
            content = data[head[name].start : head[name].end]
            chunks += struct.pack(pack, name, len(content)) + content + b"\0" * (len(content) % 2)
    most_frames = 0
    if data[head[b"fmt "].start : head[b"fmt "].start + 2] == _GSM:
        # libsndfile decodes one block too many if the number of bytes is odd.
        most_frames = len(samples) // _GSM_BLOCK_BYTES * _GSM_BLOCK_FRAMES
    chunks += struct.pack(pack, b"data", len(samples))
    padding = b"\0" * (len(samples) % 2)
    riff_size = 4 + len(chunks) + len(samples) + len(padding)
    header = struct.pack(pack, layout.form, riff_size) + b"WAVE" + chunks
    pieces = (memoryview(header), samples, memoryview(padding))
    return Part("WAV", layout.start, pieces, "wav", prefers_ffmpeg=False, most_frames=most_frames)
