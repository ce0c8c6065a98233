"""Where to go over from one window of a recording to the next: nothing cut in two, lost or heard twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .frames import Frames
from .labels import Labels

Best = NDArray[Any]  # (T,) the most probable label of every frame

EDGE_S = 0.5  # frames this close to a window's end lack context
_PAUSE_S = 0.2  # of silence around a seam between letters
_LONG_PAUSE_S = 0.4  # of silence that no slow word of pieces has, as a rule
_SHIFT = 2  # frames by which two windows may place one piece differently
_OFF_CENTRE = 0.1  # what a seam at the edge of the shared frames loses against one at their centre


def seam(left: Frames, right: Frames, labels: Labels, frame_s: float) -> int:
    """Choose the frame from which the later window is used.

    Args:
        left: the shared frames, as the earlier window heard them.
        right: the same frames, as the later window heard them.
        labels: what the model's outputs stand for.
        frame_s: seconds per frame.
    """
    length = min(len(left), len(right))
    left, right = left[:length], right[:length]
    edge = min(round(EDGE_S / frame_s), (length - 1) // 2)
    if labels.are_pieces:
        heard, again = left.best()[0], right.best()[0]
        for choose in (_longest_pause, _before_matched_piece):
            cut = choose(heard, again, labels, frame_s, edge)
            if cut is not None:
                return cut
    return _quietest(left, right, labels, frame_s, edge)


def _quietest(left: Frames, right: Frames, labels: Labels, frame_s: float, edge: int) -> int:
    """The middle of the pause that both windows are surest of, near the centre when several are as good."""
    length = len(left)
    silent = np.flatnonzero(~labels.has_content).tolist()
    pause = left.log_prob_of(silent) + right.log_prob_of(silent)
    reach = max(1, round(_PAUSE_S / 2 / frame_s))
    padded = np.pad(pause, reach, mode="edge")
    quietest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    score = np.round(quietest, 1) - _OFF_CENTRE * _off_centre(np.arange(length), length)
    return edge + int(np.argmax(score[edge : length - edge]))


def _longest_pause(left: Best, right: Best, labels: Labels, frame_s: float, edge: int) -> int | None:
    """The middle of the longest stretch where both windows hear nothing, if it is long enough."""
    length = len(left)
    silent = (left == labels.blank) & (right == labels.blank)
    silent[:edge] = silent[length - edge :] = False
    changes = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(np.int8)))
    starts, stops = changes[::2], changes[1::2]
    long_enough = stops - starts >= max(3, round(_LONG_PAUSE_S / frame_s))
    if not long_enough.any():
        return None
    middles = (starts + stops) // 2
    score = (stops - starts) * frame_s - _off_centre(middles, length)
    return int(middles[np.argmax(np.where(long_enough, score, -np.inf))])


def _before_matched_piece(left: Best, right: Best, labels: Labels, frame_s: float, edge: int) -> int | None:
    """Before a piece that both windows hear, of those that start a word the one nearest the centre.

    Pieces match in order, each in nearly the same frame. The cut is after everything that stands before the
    piece in either window, and not after the piece in either.
    """
    length = len(left)
    ours, theirs = _emitted(left, labels.blank), _emitted(right, labels.blank)
    best: tuple[bool, float, int] | None = None
    for index, other in _matches(ours, left, theirs, right):
        frame = int(min(ours[index], theirs[other]))
        last_left = _last_frame(left, ours, index)
        last_right = _last_frame(right, theirs, other)
        # A piece that follows itself needs a blank between.
        if max(last_left, last_right) + 1 >= frame or not edge <= frame < length - edge:
            continue
        gap_s = (frame - max(last_left, last_right)) * frame_s
        label = int(left[ours[index]])
        candidate = (bool(labels.starts_word[label]), gap_s - _off_centre(frame, length), frame)
        best = candidate if best is None else max(best, candidate)
    return None if best is None else best[2]


def _emitted(best: Best, blank: int) -> NDArray[np.intp]:
    """The first frames of all runs of one label other than the blank."""
    new = np.concatenate(([True], best[1:] != best[:-1]))[: len(best)]
    return np.flatnonzero(new & (best != blank))


def _last_frame(best: Best, emitted: NDArray[np.intp], index: int) -> int:
    """The last frame of the piece before one, -1 where there is none."""
    if not index:
        return -1
    first, stop = int(emitted[index - 1]), int(emitted[index])
    others = np.flatnonzero(best[first:stop] != best[first])
    return first + int(others[0]) - 1 if others.size else stop - 1


def _matches(
    ours: NDArray[np.intp], left: Best, theirs: NDArray[np.intp], right: Best
) -> Iterator[tuple[int, int]]:
    """The longest common subsequence of two windows' pieces, as pairs of their numbers."""
    same = (left[ours][:, None] == right[theirs]) & (np.abs(ours[:, None] - theirs) <= _SHIFT)
    longest = np.zeros((len(ours) + 1, len(theirs) + 1), np.int32)  # of what follows two pieces
    for i in reversed(range(len(ours))):
        for j in reversed(range(len(theirs))):
            skipped = max(longest[i + 1, j], longest[i, j + 1])
            longest[i, j] = max(skipped, longest[i + 1, j + 1] + 1) if same[i, j] else skipped
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if same[i, j] and longest[i, j] == longest[i + 1, j + 1] + 1:
            yield i, j
            i, j = i + 1, j + 1
        elif longest[i + 1, j] >= longest[i, j + 1]:
            i += 1
        else:
            j += 1


def _off_centre(frame: Any, length: int) -> Any:
    """How far from the centre of the shared frames, 0 to 0.5, of one or several."""
    return abs(frame - length / 2) / length
