"""Which points two load tests have in common, and how their figures relate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perf.load.results import FAILED, UNSTABLE, Point, Run

# What is compared of a point, by name; None where it was not measured.
FIGURES: dict[str, Callable[[Point], float | None]] = {
    "throughput": lambda point: point.throughput,
    "p50": lambda point: point.latency.p50_ms if point.latency else None,
    "p95": lambda point: point.latency.p95_ms if point.latency else None,
    "p99": lambda point: point.latency.p99_ms if point.latency else None,
}


@dataclass(frozen=True)
class Pair:
    """The same point of two runs."""

    base: Point
    new: Point

    def ratio(self, figure: str) -> float | None:
        """Return new divided by base; None where either has no such figure."""
        base, new = FIGURES[figure](self.base), FIGURES[figure](self.new)
        return new / base if base and new is not None else None

    @property
    def broke(self) -> bool:
        """Whether the base was measured and the new run failed there."""
        return self.new.status == FAILED and self.base.status != FAILED

    @property
    def unstable(self) -> bool:
        """Whether either run's figures had not settled."""
        return UNSTABLE in (self.base.status, self.new.status)

    @property
    def title(self) -> str:
        """How tables and messages name it."""
        loads = {"concurrency": "{} at a time", "rate": "{} requests/s"}
        load = loads.get(self.base.mode, "{}").format(self.base.load)
        return f"{self.base.model}, {self.base.protocol}, {load}"


@dataclass(frozen=True)
class Match:
    """What two runs have in common."""

    pairs: Sequence[Pair]  # in the order of the base run
    only_base: Sequence[Point]
    only_new: Sequence[Point]


def match(base: Run, new: Run) -> Match:
    """Pair the points that were planned alike: model, protocol, mode, load."""
    theirs = {point.key: point for point in new.points}
    ours = {point.key for point in base.points}
    return Match(
        [Pair(point, theirs[point.key]) for point in base.points if point.key in theirs],
        [point for point in base.points if point.key not in theirs],
        [point for point in new.points if point.key not in ours],
    )
