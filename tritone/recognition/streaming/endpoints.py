"""Decide where the segment that is being spoken ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...contract import SAMPLE_RATE_HZ
from .speech import AFTER_SPEECH, GRID, SpeechTracker

_LATE = SAMPLE_RATE_HZ // 10  # samples by which the recogniser may hear words longer than the detector
_AHEAD = SAMPLE_RATE_HZ // 2  # samples before the end of what was heard in which no segment is cut
_UNHEARD = 3 * SAMPLE_RATE_HZ  # samples without a word after which a segment begins later


@dataclass(frozen=True)
class Limits:
    """Lengths in samples."""

    longest_chunk: int
    longest_segment: int

    @property
    def longest_open(self) -> int:
        """Samples of a segment after which it is cut: one more chunk fits into the longest segment."""
        return self.longest_segment - self.longest_chunk


@dataclass(frozen=True)
class Cut:
    """Where a segment ends."""

    end: int  # one past its last sample
    resumed: int | None = None  # where speech goes on after a pause
    is_final: bool = True  # False: nothing was said, and it is dropped


def end_of_segment(
    tracker: SpeechTracker,
    content: NDArray[np.float64],
    now: int,
    received: int,
    limits: Limits,
    *,
    vad: bool,
) -> Cut | None:
    """Return where the open segment ends, None while it goes on.

    Args:
        tracker: of the stream, with an open segment.
        content: samples at which frames with a label end, as far as the recogniser has heard.
        now: one past the last sample that it has heard.
        received: one past the last sample of the stream.
        limits: of the model.
        vad: whether the tracker follows speech; else the recogniser's blanks alone decide.
    """
    start = tracker.open or 0
    content = content[content > start]
    last = int(content[-1]) if content.size else None
    endpoint, silence = tracker.endpoint, tracker.stop if not vad else 2 * tracker.stop
    if endpoint is not None and endpoint.resumed is not None:
        return Cut(min(tracker.end_of(endpoint), endpoint.resumed), endpoint.resumed)
    if endpoint is not None:
        is_late = last is not None and last > endpoint.silence + _LATE
        if not is_late or received - max(endpoint.silence, last or 0) >= tracker.stop:
            return Cut(min(tracker.end_of(endpoint), received))
        if received - endpoint.silence >= 2 * tracker.stop:
            return Cut(min(tracker.end_of(endpoint), received))
    if last is not None and now - last >= silence:
        return Cut(_on_grid(min(last + min(AFTER_SPEECH, tracker.stop), now)))
    if last is None and now - start >= max(_UNHEARD, 2 * tracker.stop) and (not vad or tracker.speaking):
        return Cut(_on_grid(now - SAMPLE_RATE_HZ), is_final=False)
    if received - start > limits.longest_open:
        return Cut(_best_pause(tracker, content, start, received, limits))
    return None


def _best_pause(
    tracker: SpeechTracker, content: NDArray[np.float64], start: int, received: int, limits: Limits
) -> int:
    """Return the middle of the longest pause in the later part of a segment that is too long."""
    low = max(start + limits.longest_open // 2, received - limits.longest_open)
    high = max(low + GRID, received - _AHEAD)
    pauses = [(max(a, low), min(b, high)) for a, b in tracker.pauses if a < high and b > low]
    if not pauses and content.size > 1:
        gaps = zip(content[:-1].tolist(), content[1:].tolist(), strict=True)
        pauses = [(max(int(a), low), min(int(b), high)) for a, b in gaps if a < high and b > low]
    first, stop = max(pauses, key=lambda pause: pause[1] - pause[0], default=(high, high))
    return max(_on_grid((first + stop) // 2), start + GRID)


def _on_grid(sample: int) -> int:
    return sample // GRID * GRID
