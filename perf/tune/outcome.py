"""What a candidate did beside the committed configs, and which candidates are worth taking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from perf.tune.candidates import PIPELINES, Candidate
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


def finalists(outcomes: Sequence[Outcome]) -> list[Candidate]:
    """Return what is worth measuring again: of many candidates, the best one was also the luckiest.

    For each pipeline these are the best settings of its models put together, and the best setting of all of
    its models alike, as far as they gain.
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
    """Return the best setting of every model, by what its candidates did alone."""
    best: dict[str, Outcome] = {}
    for outcome in gaining:
        models = tuple(outcome.candidate.settings)
        if len(models) == 1 and (models[0] not in best or outcome.ratio > best[models[0]].ratio):
            best[models[0]] = outcome
    return {model: outcome.candidate.settings[model] for model, outcome in best.items()}


def advised(finals: Iterable[Outcome]) -> dict[str, Outcome]:
    """Return, for every pipeline, the finalist that gains most, if one does so again."""
    best: dict[str, Outcome] = {}
    for outcome in finals:
        (pipeline,) = outcome.candidate.pipelines
        if outcome.gains and (pipeline not in best or outcome.ratio > best[pipeline].ratio):
            best[pipeline] = outcome
    return best


def all_at_once(advice: Mapping[str, Outcome]) -> list[Candidate]:
    """Return the candidate that follows all advice, with all pipelines at once; none without advice."""
    settings = {
        model: setting for outcome in advice.values() for model, setting in outcome.candidate.settings.items()
    }
    return [Candidate("both pipelines at once", settings, tuple(PIPELINES))] if settings else []
