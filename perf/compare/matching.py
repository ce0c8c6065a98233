"""The common points of two load tests, and the ratios of their figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perf.instruments.load_test_results import FAILED, RATE, UNSTABLE, LoadTestRun, Point

# The compared figures of a point, by name; None if not measured.
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
        """Return new divided by base; None if either lacks the figure.

        A request rate may be a share of the throughput that each run reached before. For rates, the compared
        throughput is therefore the answered share of the rate.
        """
        base, new = FIGURES[figure](self.base), FIGURES[figure](self.new)
        if not base or new is None:
            return None
        if figure == "throughput" and self.base.mode == RATE:
            return (new / self.new.value) / (base / self.base.value)
        return new / base

    @property
    def broke(self) -> bool:
        """Whether the point was measured in the base run and failed in the new one."""
        return self.new.status == FAILED and self.base.status != FAILED

    @property
    def unstable(self) -> bool:
        """Whether the figures of either run were unstable."""
        return UNSTABLE in (self.base.status, self.new.status)

    @property
    def title(self) -> str:
        """Name of the point for tables and messages."""
        load = f"concurrency {self.base.load}"
        if self.base.mode == RATE:
            share = self.base.load.endswith("%")
            load = f"{self.base.load} of the best throughput" if share else f"{self.base.load} requests/s"
        return f"{self.base.model}, {self.base.protocol}, {load}"


@dataclass(frozen=True)
class Match:
    """The common points of two runs."""

    pairs: Sequence[Pair]  # in the order of the base run
    only_base: Sequence[Point]
    only_new: Sequence[Point]


def match(base: LoadTestRun, new: LoadTestRun) -> Match:
    """Pair the points with equal model, protocol, mode and load."""
    theirs = {point.key: point for point in new.points}
    ours = {point.key for point in base.points}
    return Match(
        [Pair(point, theirs[point.key]) for point in base.points if point.key in theirs],
        [point for point in base.points if point.key not in theirs],
        [point for point in new.points if point.key not in ours],
    )
