"""Read pieces of memory as one file, without copying them."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import Any


class SplicedFile(io.RawIOBase):
    """A read-only, seekable file with the content of consecutive pieces."""

    def __init__(self, pieces: Sequence[memoryview]) -> None:
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = [0, *accumulate(len(piece) for piece in self._pieces)]
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position, which may be past the end; return it."""
        base = (0, self._position, self._starts[-1])[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` from the current position; return the number of bytes read."""
        target = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(target) and self._position < self._starts[-1]:
            index = bisect_right(self._starts, self._position) - 1
            start = self._position - self._starts[index]
            found = self._pieces[index][start : start + len(target) - filled]
            target[filled : filled + len(found)] = found
            filled += len(found)
            self._position += len(found)
        return filled
