"""Bounds of regressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from perf.compare.matching import FIGURES, Pair

# Ratios of new to base. p50 and p99 have none: the median hides queueing, and p99 rests on few requests.
DEFAULTS: Mapping[str, float | None] = {"throughput": 0.9, "p50": None, "p95": 1.2, "p99": None}
HIGHER_IS_BETTER = "throughput"


@dataclass(frozen=True)
class Regression:
    """A point that became worse than its bounds allow."""

    pair: Pair
    reason: str

    def __str__(self) -> str:
        """Format it for a report."""
        return f"{self.pair.title}: {self.reason}"


def regressions(pairs: Sequence[Pair], bounds: Mapping[str, float | None]) -> list[Regression]:
    """Return every figure beyond its bound, and every point that failed only in the new run.

    Args:
        pairs: the common points.
        bounds: of the ratio of new to base, by figure: lowest for throughput, highest for latencies; None for
            no bound.
    """
    return [Regression(pair, reason) for pair in pairs for reason in _reasons(pair, bounds)]


def _reasons(pair: Pair, bounds: Mapping[str, float | None]) -> Iterator[str]:
    if pair.broke:
        yield f"failed, but was measured in the base run ({pair.new.reason or 'no reason given'})"
        return
    settled = "" if not pair.unstable else "; unstable figures"
    for figure in FIGURES:
        bound, ratio = bounds.get(figure), pair.ratio(figure)
        if bound is None or ratio is None:
            continue
        if figure == HIGHER_IS_BETTER and ratio < bound:
            yield f"{figure} {ratio:.3g} times the base's, expected at least {bound:g}{settled}"
        elif figure != HIGHER_IS_BETTER and ratio > bound:
            yield f"{figure} {ratio:.3g} times the base's, expected at most {bound:g}{settled}"
