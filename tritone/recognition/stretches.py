"""Which parts of a recording are recognised together: stretches of speech, cut in pauses.

What is said without a long pause is normalised by itself, since after one another person may speak.

Lengths are in samples at 16 kHz, those of the regions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from ..contract import SAMPLE_RATE_HZ
from .voice_activity import Region

_SHORTEST = SAMPLE_RATE_HZ  # speech of a stretch, where there is more of it
_OFF_CENTRE = 2 * SAMPLE_RATE_HZ  # what a cut at an end loses against one in the middle, in samples of pause
_LONG_ENOUGH = SAMPLE_RATE_HZ  # a longer pause is no better to cut in


@dataclass(frozen=True)
class Piece:
    """Consecutive frames of a recording."""

    start: int  # first frame
    stop: int  # one past the last frame

    def __len__(self) -> int:
        return self.stop - self.start


@dataclass(frozen=True)
class Pauses:
    """What is kept of the pauses, in samples."""

    padding: int  # before and after speech
    longest: int  # of longer pauses only the padding is kept


def plan_stretches(
    regions: Sequence[Region], frames: int, frame_samples: float, window: float, pauses: Pauses
) -> list[list[Piece]]:
    """Group what is spoken into stretches that fit into a window, cut in pauses.

    Args:
        regions: with speech, in order.
        frames: of the recording.
        frame_samples: samples per frame.
        window: longest stretch; only speech without a pause becomes a longer one.
        pauses: what is kept of them.

    Returns:
        The stretches, each as the pieces of the recording that are put together. Pieces do not overlap.
    """
    groups = [_runs(group, pauses.longest) for group in _groups(regions, window, pauses)]
    runs = [run for group in groups for run in group]
    middles = [(run.stop + later.start) / 2 for run, later in pairwise(runs)]
    pieces: list[Piece] = []
    for run, low, high in zip(runs, [0.0, *middles], [*middles, math.inf], strict=False):
        start = int(max(run.start - pauses.padding, low) // frame_samples)
        stop = math.ceil(min(run.stop + pauses.padding, high) / frame_samples)
        pieces.append(Piece(max(start, pieces[-1].stop if pieces else 0), min(stop, frames)))
    remaining = iter(pieces)
    stretches = [[piece for piece in islice(remaining, len(group)) if len(piece) > 0] for group in groups]
    return [stretch for stretch in stretches if stretch]


def _runs(regions: Sequence[Region], longest_pause: int) -> list[Region]:
    """Join regions whose pause is kept."""
    runs: list[Region] = []
    for region in regions:
        if runs and region.start - runs[-1].stop <= longest_pause:
            region = Region(runs.pop().start, region.stop)
        runs.append(region)
    return runs


def _groups(regions: Sequence[Region], window: float, pauses: Pauses) -> list[Sequence[Region]]:
    """Return the regions of each stretch."""
    waiting = _utterances(regions, pauses.longest)[::-1]
    groups: list[Sequence[Region]] = []
    while waiting:
        group = waiting.pop()
        cut = _best_cut(group, window, pauses)
        if cut:
            waiting += [group[cut:], group[:cut]]
        else:
            groups.append(group)
    return groups


def _utterances(regions: Sequence[Region], longest_pause: int) -> list[Sequence[Region]]:
    """Separate the regions at all long pauses, but nothing short: levels of few sounds say little."""
    utterances: list[list[Region]] = []
    for region in regions:
        last = utterances[-1] if utterances else []
        apart = last and region.start - last[-1].stop > longest_pause
        if not last or (apart and sum(each.stop - each.start for each in last) >= _SHORTEST):
            utterances.append([region])
        else:
            last.append(region)
    if len(utterances) > 1 and sum(each.stop - each.start for each in utterances[-1]) < _SHORTEST:
        last = utterances.pop()
        utterances[-1] += last
    return list(utterances)


def _best_cut(group: Sequence[Region], window: float, pauses: Pauses) -> int | None:
    """Where to cut regions that do not fit into a window: at a long pause near the middle."""
    gaps = [later.start - region.stop for region, later in pairwise(group)]
    kept = [gap if gap <= pauses.longest else 2 * pauses.padding for gap in gaps]
    lengths = [region.stop - region.start for region in group]
    total = sum(lengths) + sum(kept) + 2 * pauses.padding
    if total <= window or not gaps:
        return None
    scores, done = [], 0
    for length, gap, rest in zip(lengths, gaps, kept, strict=False):
        done += length
        scores.append(min(gap, _LONG_ENOUGH) - _OFF_CENTRE * abs(done / total - 0.5))
        done += rest
    return scores.index(max(scores)) + 1
