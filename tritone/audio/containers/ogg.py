"""Ogg: the chained logical streams of a file, with the checksum of every page verified."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

from .parts import Buffer, Part, cut_off, damaged

_CONTINUED, _BEGIN, _END = 1, 2, 4
_HEADER_BYTES = 27
_LIBSNDFILE = (b"OpusHead", b"\x01vorbis", b"\x7fFLAC")
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


@dataclass(frozen=True)
class _Page:
    flags: int
    serial: int
    sequence: int
    body: int  # position
    end: int


@dataclass
class _Link:
    """A link of a chained file: streams that begin together and end before the next link."""

    start: int
    codecs: list[bytes] = field(default_factory=list)  # start of the first packet of each
    last: dict[int, _Page] = field(default_factory=dict)  # by serial number
    body_started: bool = False


def is_ogg(data: Buffer, start: int) -> bool:
    """Return whether the first page of an Ogg stream starts here."""
    head = data[start : start + 6]
    return len(head) == 6 and head[:5] == b"OggS\0" and bool(head[5] & _BEGIN)


def find_ogg(data: Buffer, start: int) -> tuple[list[Part], int]:
    """Find the recordings in consecutive Ogg pages.

    Returns:
        The recordings, and the end of the pages.

    Raises:
        AudioError: cut off or damaged.
    """
    links: list[_Link] = []
    position = start
    while (page := _page(data, position)) is not None:
        if page.flags & _BEGIN and (not links or links[-1].body_started):
            links.append(_Link(position))
        _add(links[-1], page, data, position)
        position = page.end
    starts = [link.start for link in links[1:]]
    parts = []
    for link, end in zip(links, [*starts, position], strict=True):
        if not all(page.flags & _END for page in link.last.values()):
            if end == len(data):
                raise cut_off("OGG", data, 1)
            raise damaged("OGG", end, "the next stream before the end of the one there")
        parts.append(_part(link, memoryview(data)[link.start : end]))
    return parts, position


def _page(data: Buffer, position: int) -> _Page | None:
    """Read the page at a position; None if there is none."""
    head = data[position : position + _HEADER_BYTES]
    if head[:4] != b"OggS":
        return None
    segments = head[26] if len(head) == _HEADER_BYTES else 0
    body = position + _HEADER_BYTES + segments
    end = body + sum(data[position + _HEADER_BYTES : body])
    if len(head) < _HEADER_BYTES or end > len(data):
        raise cut_off("OGG", data, max(1, end - len(data)))
    whole = data[position:end]
    if _checksum(whole[:22] + bytes(4) + whole[26:]) != int.from_bytes(head[22:26], "little"):
        raise damaged("OGG", position, "a page with a wrong checksum")
    return _Page(
        head[5], int.from_bytes(head[14:18], "little"), int.from_bytes(head[18:22], "little"), body, end
    )


def _checksum(page: bytes) -> int:
    """Return Ogg's CRC: that of zlib with the bits of every byte reversed, with initial value 0."""
    crc = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int.from_bytes(crc.to_bytes(4, "little").translate(_REVERSED), "big")


def _add(link: _Link, page: _Page, data: Buffer, position: int) -> None:
    before = link.last.get(page.serial)
    if page.flags & _BEGIN:
        link.codecs.append(data[page.body : min(page.end, page.body + 8)])
    else:
        link.body_started = True
        if before is None or page.sequence != before.sequence + 1:
            raise damaged("OGG", position, "a page whose predecessor is missing")
    link.last[page.serial] = page


def _part(link: _Link, content: memoryview) -> Part:
    known = len(link.codecs) == 1 and link.codecs[0].startswith(_LIBSNDFILE)
    return Part("OGG", link.start, (content,), demuxer="ogg", prefers_ffmpeg=not known)
