"""Results of a candidate against the committed configs, and which candidates are advised."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from perf.tune.candidates import PIPELINES, Candidate
from perf.tune.settings import Setting

WORTH = 1.03  # smaller gains are within the noise between runs


@dataclass(frozen=True)
class Figures:
    """Figures of one server over all rounds."""

    requests_per_s: tuple[float, ...]  # by round
    p50_ms: float  # over all requests
    p95_ms: float

    @property
    def rate(self) -> float:
        """Requests per second, median of the rounds."""
        return median(self.requests_per_s)


@dataclass(frozen=True)
class Outcome:
    """A candidate and the committed configs, measured in turn with the same requests."""

    candidate: Candidate
    committed: Figures
    tried: Figures
    requests: int  # per round
    differing: int  # answers that differ from those of the committed configs

    @property
    def ratios(self) -> list[float]:
        """Throughput as a multiple of the committed configs', by round."""
        pairs = zip(self.tried.requests_per_s, self.committed.requests_per_s, strict=True)
        return [tried / committed for tried, committed in pairs]

    @property
    def ratio(self) -> float:
        """The same, median of the rounds."""
        return median(self.ratios)

    @property
    def p95_ratio(self) -> float:
        """95th percentile of latency as a multiple of the committed configs'."""
        return self.tried.p95_ms / self.committed.p95_ms

    @property
    def gains(self) -> bool:
        """Whether it is faster in every single round, and by a margin in the median."""
        return self.ratio >= WORTH and min(self.ratios) > 1


def finalists(outcomes: Sequence[Outcome]) -> list[Candidate]:
    """Return what to measure again: the best of many candidates may owe its rank to noise.

    For each pipeline these are the combined best settings of its models, and the best equal setting of all
    its models, if they gain.
    """
    found = []
    for pipeline in PIPELINES:
        gaining = [
            outcome for outcome in outcomes if outcome.gains and outcome.candidate.pipelines == (pipeline,)
        ]
        winners = _winners(gaining)
        if winners:
            found.append(Candidate(f"winners of {pipeline}", winners, (pipeline,)))
        alike = [outcome for outcome in gaining if len(outcome.candidate.settings) > 1]
        if alike:
            best = max(alike, key=lambda outcome: outcome.ratio).candidate
            if best.settings != winners:
                found.append(replace(best, name=f"{best.name}, again"))
    return found


def _winners(gaining: Iterable[Outcome]) -> dict[str, Setting]:
    """Return the best setting of every model among the candidates that change only this one."""
    best: dict[str, Outcome] = {}
    for outcome in gaining:
        models = tuple(outcome.candidate.settings)
        if len(models) == 1 and (models[0] not in best or outcome.ratio > best[models[0]].ratio):
            best[models[0]] = outcome
    return {model: outcome.candidate.settings[model] for model, outcome in best.items()}


def advised(finals: Iterable[Outcome]) -> dict[str, Outcome]:
    """Return, for every pipeline, the finalist that gains most, if any gains again."""
    best: dict[str, Outcome] = {}
    for outcome in finals:
        (pipeline,) = outcome.candidate.pipelines
        if outcome.gains and (pipeline not in best or outcome.ratio > best[pipeline].ratio):
            best[pipeline] = outcome
    return best


def all_at_once(advice: Mapping[str, Outcome]) -> list[Candidate]:
    """Return a candidate with all advised settings, measured with all pipelines; none without advice."""
    settings = {
        model: setting for outcome in advice.values() for model, setting in outcome.candidate.settings.items()
    }
    return [Candidate("both pipelines at once", settings, tuple(PIPELINES))] if settings else []
