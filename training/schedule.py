"""Progress of a training run, and the learning rate at that point."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The total budget of a run over all continuations; at least one of the two."""

    minutes: float | None = None  # of training time
    steps: int | None = None  # of the optimiser

    def __post_init__(self) -> None:
        if self.minutes is None and self.steps is None:
            raise ValueError(
                "budget: expected minutes, steps or both, got neither; pass --minutes or --steps."
            )

    def progress(self, elapsed_s: float, step: int) -> float:
        """Return the share of the budget that is spent, 0 to 1."""
        by_time = elapsed_s / (60 * self.minutes) if self.minutes else 0.0
        by_step = step / self.steps if self.steps else 0.0
        return min(max(by_time, by_step), 1.0)


@dataclass(frozen=True)
class LearningRate:
    """A linear rise over the first steps, the peak, then half a cosine down to the end of the budget."""

    peak: float
    final: float
    warmup_steps: int
    falls_from: float = 0.0  # share of the budget; until then the budget can still be changed

    def at(self, progress: float, step: int) -> float:
        """Return the rate at a share of the budget (0 to 1) and an optimiser step."""
        rise = min((step + 1) / self.warmup_steps, 1.0) if self.warmup_steps else 1.0
        fallen = max(progress - self.falls_from, 0.0) / (1 - self.falls_from)
        fall = (1 + math.cos(math.pi * fallen)) / 2
        return rise * (self.final + (self.peak - self.final) * fall)
