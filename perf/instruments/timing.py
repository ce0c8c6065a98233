"""Repeated, interleaved measurements of several contenders, robust on a machine that is not idle."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Rates:
    """Throughput of one contender by round."""

    per_round: tuple[float, ...]  # items per second

    @property
    def median(self) -> float:
        """Items per second, median of the rounds."""
        return median(self.per_round)


def interleaved(
    contenders: Mapping[str, Callable[[], int]],
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Rates]:
    """Run all contenders in turn, `rounds` times, so that a slow minute of the machine affects all of them.

    Args:
        contenders: by name; each does its work and returns the number of items done. Each is run once first
            as a warm-up.
        rounds: measured repetitions.
        clock: returns seconds.

    Returns:
        Rates by name.
    """
    for run in contenders.values():
        run()
    rates: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, run in contenders.items():
            started = clock()
            items = run()
            rates[name].append(items / (clock() - started))
    return {name: Rates(tuple(values)) for name, values in rates.items()}


def ratio(measured: Rates, against: Rates) -> float:
    """Return the ratio of the median throughputs."""
    return measured.median / against.median


def spread(measured: Rates, against: Rates) -> tuple[float, float]:
    """Return the lowest and highest ratio of single rounds."""
    ratios = [a / b for a, b in zip(measured.per_round, against.per_round, strict=True)]
    return min(ratios), max(ratios)
