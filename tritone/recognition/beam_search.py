"""CTC prefix beam search (Hannun et al. 2014), frame by frame, in memory that does not grow with silence.

The search holds the most probable texts so far, prefixes, as a tree. Their probabilities include the
language model's, are summed over all alignments, and are scaled where they would underflow. Frames may come
in any number of parts.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from operator import attrgetter, itemgetter
from typing import NamedTuple

import numpy as np

from .frames import Frames
from .labels import Labels
from .prefix_tree import Prefix, Times, common_beginning, cut, remove_branches
from .scoring import Scorer

_SWEEP_FRAMES = 64  # between two times that the tree is cut back
_SMALLEST = 1e-9  # probability of a blank that is not among the kept labels
_SMALLEST_TOTAL = 1e-30  # probability of the best prefix below which all are scaled up
_SILENCE = 0.9999  # probability of the blank above which a frame says nothing


@dataclass(frozen=True)
class Width:
    """How much a search looks at; logarithms are natural ones."""

    prefixes: int = 32  # kept after each frame
    prefix_log_prob: float = 8.0  # how much less probable than the best one they may be
    label_log_prob: float = -5.0  # labels less probable than that are not looked at
    one_text: bool = True  # of texts that go on alike, as far as anything can tell, only the best is kept

    def of_several(self) -> Width:
        """Return a width at which texts that differ early on are kept to the end."""
        return replace(self, prefixes=self.prefixes * 2, one_text=False)


class Emission(NamedTuple):
    """A label that is seen in a text, and where it was said."""

    label: int
    frame: int  # the first one
    starts_word: bool


class Hypothesis(NamedTuple):
    """A text, and how sure the search is of it."""

    emissions: list[Emission]
    log_prob: float  # natural logarithm of its share of all hypotheses


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for cycles, which takes half of a search's time: the sweeps leave none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


_TOTAL = attrgetter("total")
_PROBABILITY = itemgetter(1)  # of a label


class BeamSearch:
    """The search over one recording, or one stream of frames.

    Args:
        labels: what the outputs stand for.
        scorer: language model and phrases.
        width: how much is looked at.
        pause_frames: a pause longer than that ends a word even without a space.
    """

    def __init__(self, labels: Labels, scorer: Scorer, width: Width, pause_frames: float = math.inf) -> None:
        self._labels = labels
        self._scorer = scorer
        self._width = width
        self._least = math.exp(-width.prefix_log_prob)
        self._decline = scorer.phrases is None  # whether labels within words only make a prefix less probable
        spaces = np.flatnonzero(labels.starts_word & ~labels.has_content)
        self._space = int(spaces[0]) if spaces.size else -1
        self._pause_frames = pause_frames if spaces.size else math.inf
        self._starts_word: list[bool] = labels.starts_word.tolist()
        self._has_text: list[bool] = labels.has_content.tolist()
        self._is_mark: list[bool] = labels.joins_previous.tolist()
        self._root = Prefix(None, -1, scorer.start(), 1.0)
        self._root.blank = self._root.total = 1.0
        self._beam = [self._root]
        self._settled: list[tuple[int, int]] = []  # labels that all prefixes begin with, and their frames
        self._frame = 0  # frames so far
        self._next_sweep = _SWEEP_FRAMES
        self._last_spoken = -1  # last frame in which something was most probable

    def advance(self, frames: Frames) -> None:
        """Search through further frames."""
        with _no_collection():
            for frame, blank, labels, resumed in self._steps(frames):
                if not labels:
                    for prefix in self._beam:
                        prefix.blank, prefix.spoken = prefix.total, 0.0
                    continue
                self._step(frame, blank, labels, resumed)
                if frame >= self._next_sweep:
                    self._next_sweep = frame + _SWEEP_FRAMES
                    self._sweep()
            remove_branches(self._beam)
        self._frame += len(frames)

    def hypotheses(self, most: int) -> list[Hypothesis]:
        """Return the most probable texts so far, each once, as if the recording ended here."""
        texts: dict[str, tuple[float, Prefix]] = {}
        totals: dict[str, float] = {}
        for prefix in self._beam:
            value = prefix.total * self._scorer.finish(prefix.state)
            text = self._text(prefix)
            totals[text] = totals.get(text, 0.0) + value
            if text not in texts or value > texts[text][0]:
                texts[text] = value, prefix
        sum_ = sum(totals.values())
        ranked = sorted(totals, key=lambda text: totals[text], reverse=True)[:most]
        return [
            Hypothesis(self._emissions(texts[text][1]), math.log(max(totals[text] / sum_, 1e-300)))
            for text in ranked
        ]

    def _steps(self, frames: Frames) -> Iterator[tuple[int, float, list[tuple[int, float]], int]]:
        """Yield the frames that matter, and one for each stretch of silence.

        Yields:
            frame, probability of the blank, labels with theirs (none: silence), and the frame before which a
            word has ended by a pause, or -1.
        """
        blank_index = self._labels.blank
        probabilities = np.exp(frames.log_probs)
        columns = frames.columns
        blank = np.where(columns == blank_index, probabilities, _SMALLEST).max(axis=1)
        columns = np.broadcast_to(columns, probabilities.shape)
        looked_at = (frames.log_probs > self._width.label_log_prob) & (columns != blank_index)
        looked_at[blank > _SILENCE] = False
        best_text = self._labels.has_content[frames.best()[0]]
        counts = looked_at.sum(axis=1).tolist()
        pairs = iter(list(zip(columns[looked_at].tolist(), probabilities[looked_at].tolist(), strict=True)))
        silent = False
        for index, (count, spoken) in enumerate(zip(counts, best_text.tolist(), strict=True)):
            frame = self._frame + index
            labels = [next(pairs) for _ in range(count)]
            if labels or not silent:
                long_pause = frame - self._last_spoken > self._pause_frames and self._last_spoken >= 0
                yield frame, float(blank[index]), labels, self._last_spoken + 1 if long_pause else -1
            silent = not labels
            if spoken:
                self._last_spoken = frame

    def _step(self, frame: int, blank: float, labels: list[tuple[int, float]], resumed: int) -> None:
        """Extend all prefixes by one frame, and keep the best."""
        beam = self._beam
        probability_of = dict(labels)
        labels = sorted(labels, key=_PROBABILITY, reverse=True)
        highest = max(blank, labels[0][1])
        least = beam[0].total * highest * self._least
        for prefix in beam:
            prefix.frame = frame
            prefix.next_blank = prefix.total * blank
            prefix.next_spoken = prefix.spoken * probability_of.get(prefix.label, 0.0)
        # What can only become less probable has no place beside enough prefixes that stay as they are.
        staying = [prefix.next_blank + prefix.next_spoken for prefix in beam]
        least_staying = min(staying) if len(beam) == self._width.prefixes else 0.0
        least_inside = max(least, least_staying) if self._decline else least
        best = max(staying)
        reached = list(beam)
        for prefix in beam:
            total, last = prefix.total, prefix.label
            for label, probability in labels:
                value = total * probability
                if value < least:
                    break
                if label == last:
                    value = prefix.blank * probability
                if value < least_inside and (value < least or not self._starts_word[label]):
                    continue
                source, times = prefix, prefix.times
                if times.frame < resumed and prefix.state.word and self._has_text[label]:
                    source = self._child(prefix, self._space)  # the pause stands for a space
                    times = Times(-1, times)
                    value *= source.factor
                child = source.children.get(label)
                if child is None:
                    factor = source.factors.get(label)
                    if factor is None:
                        factor = source.factors[label] = self._scorer.factor(source.state, label)
                    value *= factor
                    if value < least_staying or value < best * self._least:
                        continue
                    child = self._child(source, label)
                else:
                    value *= child.factor
                if value > best:
                    best = value
                if child.frame != frame:
                    child.frame = frame
                    child.next_blank = child.next_spoken = 0.0
                    reached.append(child)
                child.next_spoken += value
                if value > child.total * blank + child.spoken * probability:  # more than what stays there
                    child.next_times = Times(frame, times)
        for prefix in reached:
            prefix.blank, prefix.spoken = prefix.next_blank, prefix.next_spoken
            prefix.total = prefix.blank + prefix.spoken
            prefix.times = prefix.next_times
        self._keep(reached)

    def _child(self, prefix: Prefix, label: int) -> Prefix:
        child = prefix.children.get(label)
        if child is None:
            state, factor = self._scorer.follow(prefix.state, label)
            child = prefix.children[label] = Prefix(prefix, label, state, factor)
        return child

    def _keep(self, reached: list[Prefix]) -> None:
        """Keep the best prefixes, in order."""
        if len(reached) == 1:
            self._beam = reached
        else:
            reached.sort(key=_TOTAL, reverse=True)
            least, most, one_text = reached[0].total * self._least, self._width.prefixes, self._width.one_text
            beam: list[Prefix] = []
            futures = set()
            for prefix in reached:
                future = prefix.future
                if prefix.total < least or len(beam) == most or (one_text and future in futures):
                    prefix.blank = prefix.spoken = prefix.total = 0.0  # reached again, it starts from nothing
                else:
                    futures.add(future)
                    beam.append(prefix)
            self._beam = beam
        if not _SMALLEST_TOTAL < self._beam[0].total < 1 / _SMALLEST_TOTAL:
            self._scale(1 / self._beam[0].total)

    def _scale(self, factor: float) -> None:
        """Multiply all probabilities, which are relative to each other."""
        for prefix in self._beam:
            prefix.blank *= factor
            prefix.spoken *= factor
            prefix.total *= factor

    def _sweep(self) -> None:
        """Settle what all prefixes begin with, and drop the branches that are no longer followed."""
        common = common_beginning(self._beam)
        self._settled += self._said(self._beam[0], down_to=common)
        self._root, common.parent = common, None
        for prefix in self._beam:
            prefix.times = prefix.next_times = cut(prefix.times, prefix.depth - common.depth + 1)
        remove_branches(self._beam)

    def _said(self, prefix: Prefix, down_to: Prefix | None = None) -> list[tuple[int, int]]:
        """Return labels and frames of a prefix since the root, or those of its beginning `down_to`."""
        said = []
        node: Prefix | None = prefix
        times: Times | None = prefix.times
        depth = (down_to or prefix).depth
        while node is not self._root and node is not None and times is not None:
            if node.depth <= depth:
                said.append((node.label, times.frame))
            node, times = node.parent, times.before
        return said[::-1]

    def _text(self, prefix: Prefix) -> str:
        """Return what a prefix adds to the settled text; spaces at the ends make no difference."""
        parts: list[str] = []
        space = ""
        for label, _ in self._said(prefix):
            if self._starts_word[label]:
                space = " " if parts or self._settled else ""
            if self._has_text[label]:
                text = self._labels.text[label] or f"\0{self._labels.byte[label]}"
                parts.append(text if self._is_mark[label] else space + text)
                space = ""
        return "".join(parts)

    def _emissions(self, prefix: Prefix) -> list[Emission]:
        """Return the labels of a prefix that are seen in its text."""
        emissions: list[Emission] = []
        starts = True
        for label, frame in [*self._settled, *self._said(prefix)]:
            starts = starts or self._starts_word[label]
            if self._has_text[label]:
                starts = starts and not (self._is_mark[label] and emissions)
                emissions.append(Emission(label, frame, starts))
                starts = False
        return emissions
