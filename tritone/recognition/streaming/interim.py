"""The text of a segment while it is spoken."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ctc import CtcDecoder
from ..frames import Frames

_BROKEN = "\ufffd"  # what an incomplete character of UTF-8 becomes


@dataclass(frozen=True)
class InterimText:
    """What has been heard of a segment that is still being spoken."""

    transcript: str = ""
    stable_characters: int = 0  # at its beginning, which later texts of the segment have too


class Interim:
    """Collects what the acoustic model says of the frames of the current segment.

    Frames with their whole right context are settled. The text of those after them may still change.

    Args:
        decoder: of the labels; greedy, so that a text is a beginning of the text of more frames.
    """

    def __init__(self, decoder: CtcDecoder) -> None:
        self._decoder = decoder
        self._settled = _nothing()
        self._tail = _nothing()
        self._first = 0  # frame of the stream that the settled ones begin at
        self._text: InterimText | None = InterimText()

    @property
    def settled(self) -> int:
        """One past the last settled frame, counted from the start of the stream."""
        return self._first + len(self._settled)

    @property
    def stop(self) -> int:
        """One past the last frame heard."""
        return self.settled + len(self._tail)

    def begin(self, frame: int) -> None:
        """Start a segment at a frame: forget what was heard before it, and keep what was heard from it on."""
        ahead = frame - self._first
        if ahead <= 0:
            return
        count = len(self._settled)
        self._settled, self._tail = self._settled[ahead:], self._tail[max(0, ahead - count) :]
        self._first, self._text = frame, None

    def hear(self, log_probs: NDArray[np.float32], settled: int) -> None:
        """Add frames.

        Args:
            log_probs: (T, V) of the frames from `self.settled` on.
            settled: how many of them will not be heard again.
        """
        frames = Frames.best_of(log_probs, 1) if log_probs.shape[1] > 1 else Frames(log_probs)
        self._settled = Frames.join([self._settled, frames[:settled]])
        self._tail = frames[settled:]
        self._text = None

    @property
    def text(self) -> InterimText:
        """The text so far."""
        if self._text is None:
            settled = self._decoder.decode(self._settled, np.inf).transcript
            whole = self._decoder.decode(self._frames, np.inf).transcript if len(self._tail) else settled
            stable = settled.rstrip(_BROKEN)
            self._text = InterimText(whole, _shared(stable, whole))
        return self._text

    def content(self) -> NDArray[np.intp]:
        """Return the frames in which something is heard, counted from the start of the stream."""
        best, _ = self._frames.best()
        return np.flatnonzero(self._decoder.labels.has_content[best]) + self._first

    @property
    def _frames(self) -> Frames:
        return Frames.join([self._settled, self._tail])


def _nothing() -> Frames:
    return Frames(np.zeros((0, 1), np.float32), np.zeros((0, 1), np.int32))


def _shared(first: str, second: str) -> int:
    """Return the length of the beginning that two texts share."""
    for index, (a, b) in enumerate(zip(first, second, strict=False)):
        if a != b:
            return index
    return min(len(first), len(second))
