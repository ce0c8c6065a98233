"""What a candidate did beside the committed configs, and which candidates are worth taking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from perf.tune.candidates import Candidate
from perf.tune.settings import Setting

WORTH = 1.03  # below, the next run may well say the opposite


@dataclass(frozen=True)
class Figures:
    """One side, all rounds."""

    requests_per_s: tuple[float, ...]  # by round
    p50_ms: float  # over all requests
    p95_ms: float

    @property
    def rate(self) -> float:
        """Requests per second in the middle round."""
        return median(self.requests_per_s)


@dataclass(frozen=True)
class Outcome:
    """A candidate and the committed configs, driven in turns with the same requests."""

    candidate: Candidate
    committed: Figures
    tried: Figures
    requests: int  # per round
    differing: int  # answers that are not those of the committed configs

    @property
    def ratios(self) -> list[float]:
        """Throughput as a multiple of the committed configs', by round."""
        pairs = zip(self.tried.requests_per_s, self.committed.requests_per_s, strict=True)
        return [tried / committed for tried, committed in pairs]

    @property
    def ratio(self) -> float:
        """The same in the middle round."""
        return median(self.ratios)

    @property
    def p95_ratio(self) -> float:
        """95th percentile of latency as a multiple of the committed configs'."""
        return self.tried.p95_ms / self.committed.p95_ms

    @property
    def gains(self) -> bool:
        """Whether it is worth taking: faster in every single round, by a margin in the middle one."""
        return self.ratio >= WORTH and min(self.ratios) > 1


def winners(outcomes: Iterable[Outcome]) -> dict[str, Setting]:
    """Return the best setting of every model that gains from one, by what its candidates did alone."""
    best: dict[str, Outcome] = {}
    for outcome in outcomes:
        models = tuple(outcome.candidate.settings)
        if len(models) == 1 and outcome.gains:
            (model,) = models
            if model not in best or outcome.ratio > best[model].ratio:
                best[model] = outcome
    return {model: outcome.candidate.settings[model] for model, outcome in best.items()}


def advised(outcomes: Sequence[Outcome]) -> dict[str, Outcome]:
    """Return the outcome to follow for every pipeline: of those that gain, the one that gains most."""
    best: dict[str, Outcome] = {}
    for outcome in outcomes:
        if len(outcome.candidate.pipelines) == 1 and outcome.gains:
            (pipeline,) = outcome.candidate.pipelines
            if pipeline not in best or outcome.ratio > best[pipeline].ratio:
                best[pipeline] = outcome
    return best
