"""The tree of a beam search: texts by their labels, with probabilities and times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .scoring import WordState


class Times(NamedTuple):
    """Where the labels of a prefix were said: the last one, and those before."""

    frame: int
    before: Times | None


class Prefix:
    """A node of the tree: a text that ends with `label`.

    Args:
        parent: the text without it; None for the root.
        label: the last label; -1 for the root.
        state: of the scorer, after the label.
        factor: of the language model and phrases, for the label.
    """

    __slots__ = (
        "blank", "children", "depth", "factor", "factors", "frame", "future", "label", "next_blank",
        "next_spoken", "next_times", "parent", "spoken", "state", "times", "total",
    )  # fmt: skip

    def __init__(self, parent: Prefix | None, label: int, state: WordState, factor: float) -> None:
        self.parent = parent
        self.label = label
        self.state = state
        self.factor = factor
        # All that tells how the text may go on; of equal ones, only the most probable can win.
        self.future = state.word, label, state.history, state.places
        self.depth: int = parent.depth + 1 if parent else 0
        self.children: dict[int, Prefix] = {}
        self.factors: dict[int, float] = {}  # of children that were too improbable to be made
        self.blank = self.spoken = 0.0  # probability of paths that end with a blank, or with the label
        self.total = 0.0  # of both
        self.next_blank = self.next_spoken = 0.0  # the same after the current frame
        self.frame = -1  # that the two belong to
        self.times = self.next_times = Times(-1, None)


def common_beginning(prefixes: Sequence[Prefix]) -> Prefix:
    """Return the longest prefix that all begin with."""
    common = prefixes[0]
    for prefix in prefixes[1:]:
        while common is not prefix:
            if common.depth >= prefix.depth:
                common = common.parent  # type: ignore[assignment]
            else:
                prefix = prefix.parent  # type: ignore[assignment]
    return common


def remove_branches(prefixes: Sequence[Prefix]) -> None:
    """Remove from the tree what leads to none of the prefixes, and leave no cycle of what is removed."""
    alive: set[Prefix] = set()
    for prefix in prefixes:
        node: Prefix | None = prefix
        while node is not None and node not in alive:
            alive.add(node)
            node = node.parent
    removed: list[Prefix] = []
    for node in alive:
        removed += [child for child in node.children.values() if child not in alive]
        node.children = {label: child for label, child in node.children.items() if child in alive}
    for node in removed:
        removed += node.children.values()
        node.children.clear()


def cut(times: Times, count: int) -> Times:
    """Return the last times of a list alone, so that those before can be forgotten."""
    frames: list[int] = []
    rest: Times | None = times
    while rest is not None and len(frames) < count:
        frames.append(rest.frame)
        rest = rest.before
    before: Times | None = None
    for frame in reversed(frames):
        before = Times(frame, before)
    return before or Times(-1, None)
