"""Spoken mail and web addresses: "john at example dot com"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .lexicon import DOMAINS
from .pieces import Piece

_JOINTS = frozenset(["dot", "underscore", "dash", "hyphen"])


def addresses(clause: Sequence[Piece]) -> Iterator[tuple[int, int]]:
    """Yield the first piece and the one after the last of what may be an address.

    A name has one word, or several joined by "dot" or the like: whatever is said before it is no part of it.
    """
    spoken = [piece.spoken for piece in clause]
    scanned = taken = 0
    while "dot" in spoken[scanned:]:
        dot = spoken.index("dot", scanned)
        end = dot
        while end + 1 < len(spoken) and spoken[end] == "dot":
            end += 2
            while end < len(spoken) and len(spoken[end]) == 1 and len(spoken[end - 1]) == 1:
                end += 1  # a name that is spelled
        end = min(end, len(spoken))
        start = _name_start(spoken, dot)
        if start > 1 and spoken[start - 1] == "at":
            start = _name_start(spoken, start - 1)
        if taken <= start < dot and spoken[end - 1] in DOMAINS:
            yield start, end
            taken = end
        scanned = max(end, dot + 1)


def _name_start(spoken: Sequence[str], end: int) -> int:
    """Return where the name that ends before `end` starts."""
    start = _label_start(spoken, end)
    while start > 1 and spoken[start - 1] in _JOINTS:
        start = _label_start(spoken, start - 1)
    return max(start, 0)


def _label_start(spoken: Sequence[str], end: int) -> int:
    """Return where a word starts, or the letters that spell one."""
    start = end - 1
    while start > 0 and len(spoken[start]) == 1 and len(spoken[start - 1]) == 1:
        start -= 1
    return start
