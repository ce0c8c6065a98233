"""MPEG audio (MP3 and layers I and II): finds every frame of a file, between tags and junk.

ISO/IEC 11172-3 and 13818-3. The first frame may hold no audio but a count of the others (Xing, Info, VBRI).
Decoders rely on that count, so it is compared with the frames and corrected.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .parts import Buffer, Part, Pieces, cut_off, tag_bytes

_LAYER_1, _LAYER_2, _LAYER_3 = 3, 2, 1
_MPEG_1, _MPEG_2_5 = 3, 0
_KBPS = {  # by version 1 or not, and layer
    (True, _LAYER_1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, _LAYER_2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, _LAYER_3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, _LAYER_1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, _LAYER_2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, _LAYER_3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
_MONO = 3
_FRAMES_TO_CONFIRM = 3  # consecutive frames before bytes are accepted as audio
_JUNK_BYTES = 1 << 16  # allowed before the first frame
_MOST_TAGS = 100  # and runs of zeros, consecutive
_MAY_BEGIN = re.compile(rb"\xff[\xe2-\xff]|ID3")
_VBRI_OFFSET = 4 + 32
_LAME_DELAYS_OFFSET = 141  # from the start of a full Xing tag: 12 bits each for samples to drop at both ends
_DECODER_DELAY_FRAMES = 2  # may be held back or dropped by a decoder


@dataclass(frozen=True)
class _Frame:
    size: int  # bytes
    samples: int
    bitrate: int
    stream: tuple[int, int, int, bool]  # version, layer, rate in Hz, mono: equal in one stream


@dataclass
class _Run:
    """Consecutive frames of one stream."""

    start: int
    first: _Frame
    tag: str  # of the first frame, if that holds a count instead of audio: Xing, Info or VBRI
    bitrate: int = 0  # of its first frame with audio, bits a second
    constant: bool = True  # whether all frames with audio have that bitrate
    frames: int = 0  # with audio
    end: int = 0

    def add(self, frame: _Frame, end: int) -> None:
        """Add a frame with audio."""
        self.bitrate = self.bitrate if self.frames else frame.bitrate
        self.constant &= frame.bitrate == self.bitrate
        self.frames, self.end = self.frames + 1, end


def is_mpeg_audio(data: Buffer, start: int) -> bool:
    """Return whether MPEG audio starts here: frames, or a tag with frames after it."""
    position = _after_tags(data, start)
    stream = None
    for count in range(_FRAMES_TO_CONFIRM):
        frame = _frame(data, position)
        if frame is None or (stream and frame.stream != stream):
            return count > 0 and position == len(data)
        stream, position = frame.stream, position + frame.size
        if position > len(data):
            return count > 0
    return True


def find_first_frame(data: Buffer) -> int:
    """Return where MPEG audio starts after zeros or some junk, -1 if there is none."""
    zeros = 0
    while zeros < len(data) and not data[zeros : zeros + 4096].strip(b"\0"):
        zeros += 4096
    for found in _MAY_BEGIN.finditer(data[zeros : zeros + 4096 + _JUNK_BYTES]):
        if is_mpeg_audio(data, zeros + found.start()):
            return zeros + found.start()
    return -1


def find_mpeg_audio(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Find all frames from a position on.

    Returns:
        A recording per stream (concatenated files have several), and the end of the frames and tags.

    Raises:
        AudioError: cut off, or fewer frames than the first frame says.
    """
    runs: list[_Run] = []
    position = _after_tags(data, start)
    run: _Run | None = None
    while position < len(data):
        frame = _frame(data, position)
        if frame is None:
            moved = _after_tags(data, position)
            if run and moved == position:
                break
            run, position = None, moved
            if _frame(data, position) is None:
                break
            continue
        if (run is None or frame.stream != run.first.stream) and not is_mpeg_audio(data, position):
            break
        if position + frame.size > len(data):
            raise cut_off("MP3", data, position + frame.size - len(data))
        tag = _tag(data, position, frame)
        if run is None or tag or frame.stream != run.first.stream:
            run = _Run(position, frame, tag)
            runs.append(run)
        position += frame.size
        if not tag:
            run.add(frame, position)
    return [_part(data, run) for run in runs if run.frames], position


def _frame(data: Buffer, position: int) -> _Frame | None:
    """Read the frame header at a position; None if there is none."""
    header = int.from_bytes(data[position : position + 4], "big") if position + 4 <= len(data) else 0
    version, layer = header >> 19 & 3, header >> 17 & 3
    bitrate_index, rate_index, padding = header >> 12 & 15, header >> 10 & 3, header >> 9 & 1
    if header >> 21 != 0x7FF or version == 1 or layer == 0 or rate_index == 3 or bitrate_index in (0, 15):
        return None
    first = version == _MPEG_1
    bitrate, rate = _KBPS[first, layer][bitrate_index] * 1000, _RATES_HZ[version][rate_index]
    stream = (version, layer, rate, header >> 6 & 3 == _MONO)
    if layer == _LAYER_1:
        return _Frame(4 * (12 * bitrate // rate + padding), 384, bitrate, stream)
    samples = 1152 if first or layer == _LAYER_2 else 576
    return _Frame(samples // 8 * bitrate // rate + padding, samples, bitrate, stream)


def _after_tags(data: Buffer, position: int) -> int:
    """Return the position after tags and zeros."""
    for _ in range(_MOST_TAGS):
        if position >= len(data):
            break
        if size := tag_bytes(data, position):
            position += size
        elif data[position] == 0:
            block = data[position : position + 4096]
            position += len(block) - len(block.lstrip(b"\0"))
        else:
            break
    return position


def _tag_position(position: int, frame: _Frame) -> int:
    version, _, _, mono = frame.stream
    side_bytes = (17 if mono else 32) if version == _MPEG_1 else (9 if mono else 17)
    return position + 4 + side_bytes


def _tag(data: Buffer, position: int, frame: _Frame) -> str:
    """Return the kind of counting frame, "" for a frame with audio."""
    if frame.stream[1] != _LAYER_3:
        return ""
    at = _tag_position(position, frame)
    for found in (data[at : at + 4], data[at + 2 : at + 6]):  # some encoders include a checksum
        if found in (b"Xing", b"Info"):
            return found.decode()
    at = position + _VBRI_OFFSET
    return "VBRI" if data[at : at + 4] == b"VBRI" else ""


def _part(data: Buffer, run: _Run) -> Part:
    content = memoryview(data)[run.start : run.end]
    least = (run.frames - _DECODER_DELAY_FRAMES) * run.first.samples
    if run.first.stream[1] != _LAYER_3:
        return Part("MP3", run.start, (content,), frames=max(0, least))
    trimmed = 0
    pieces: Pieces = (content,)
    if run.tag in ("Xing", "Info"):
        pieces, trimmed = _with_count(data, run, content)
    elif run.tag == "VBRI":
        _check_count(data, run, *_vbri_counts(data, run.start))
        pieces = (memoryview(_counting_frame(content, run)), content[run.first.size :])
    elif not run.constant:  # with a constant bitrate, decoders derive the length from it
        pieces = (memoryview(_counting_frame(content, run)), content)
    return Part("MP3", run.start, pieces, frames=max(0, least - trimmed))


def _with_count(data: Buffer, run: _Run, content: memoryview) -> tuple[Pieces, int]:
    """Return the content with a corrected count in its Xing frame, and the number of samples it trims."""
    head = bytearray(content[: run.first.size])
    at = _tag_position(0, run.first)
    at += 0 if bytes(head[at : at + 4]) in (b"Xing", b"Info") else 2
    flags = int.from_bytes(head[at + 4 : at + 8], "big")
    fields = at + 8
    count = int.from_bytes(head[fields : fields + 4], "big") if flags & 1 else None
    size_at = fields + (4 if flags & 1 else 0)
    size = int.from_bytes(head[size_at : size_at + 4], "big") if flags & 2 else None
    _check_count(data, run, count, size)
    if count is None:
        return (memoryview(_counting_frame(content, run)), content[run.first.size :]), 0
    delays = int.from_bytes(head[at + _LAME_DELAYS_OFFSET : at + _LAME_DELAYS_OFFSET + 3], "big")
    trimmed = (delays >> 12) + (delays & 0xFFF) if flags & 15 == 15 else 0
    if count == run.frames:
        return (content,), trimmed
    head[fields : fields + 4] = run.frames.to_bytes(4, "big")
    if size is not None:
        head[size_at : size_at + 4] = len(content).to_bytes(4, "big")
    return (memoryview(bytes(head)), content[run.first.size :]), trimmed


def _vbri_counts(data: Buffer, start: int) -> tuple[int, int]:
    at = start + _VBRI_OFFSET
    return int.from_bytes(data[at + 14 : at + 18], "big"), int.from_bytes(data[at + 10 : at + 14], "big")


def _check_count(data: Buffer, run: _Run, count: int | None, size: int | None) -> None:
    """Raise AudioError if frames are missing according to every count in the first frame."""
    there = run.end - run.start
    few = count is None or count > run.frames + 1  # some encoders count the counting frame too
    if few and size is not None and size > there:
        raise cut_off("MP3", data, size - there)
    if few and size is None and count is not None:
        raise cut_off("MP3", data, (count - run.frames) * there // (run.frames + 1))


def _counting_frame(content: memoryview, run: _Run) -> bytes:
    """Return a counting frame for a run, with the header of the run's first frame."""
    header = bytearray(content[:4])
    header[1] |= 1  # without a checksum
    at, size = _tag_position(0, run.first), 0
    for bitrate_index in range(1, 15):
        header[2] = header[2] & 0x0D | bitrate_index << 4  # without padding
        frame = _frame(bytes(header), 0)
        size = frame.size if frame else 0
        if size >= at + 12:
            break
    tag = bytes(header) + bytes(at - 4) + b"Info" + (1).to_bytes(4, "big") + run.frames.to_bytes(4, "big")
    return tag + bytes(size - len(tag))
