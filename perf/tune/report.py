"""The results of the sweep as Markdown, with config lines to paste."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from perf.instruments.command_line import table
from perf.tune.outcome import Outcome
from perf.tune.settings import Setting

HEADER = (
    "candidate",
    "instances × threads",  # noqa: RUF001
    "committed",
    "candidate's",
    "ratio",
    "single rounds",
    "p95 ratio",
    "answers differing",
    "",
)


def markdown(
    outcomes: Sequence[Outcome],
    advice: Mapping[str, Outcome],
    committed: Mapping[str, Setting],
    concurrency: int,
    rounds: int,
) -> str:
    """Return a table of all candidates, the committed settings, and the advised changes.

    Args:
        outcomes: of all candidates, in the order of measurement.
        advice: the advised outcomes, by pipeline.
        committed: settings of the committed configs on this machine, by model.
        concurrency: concurrent requests.
        rounds: per candidate.
    """
    lines = [
        "Committed (instances × threads on this machine): "  # noqa: RUF001
        + ", ".join(f"{model} {setting}" for model, setting in committed.items()),
        "",
        *table(HEADER, [_cells(outcome) for outcome in outcomes]),
        "",
        f"Each candidate was measured in turn with the committed configs, {rounds} rounds, {concurrency} "
        "concurrent requests; ratios are candidate to committed, medians of the rounds. A ratio above 1 for "
        "throughput and below 1 for p95 is an improvement.",
        "",
        *_advice(advice, committed),
    ]
    return "\n".join(lines) + "\n"


def raw(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return all figures as plain lists, numbers and strings."""
    return [asdict(outcome) | {"ratio": outcome.ratio} for outcome in outcomes]


def _advice(advice: Mapping[str, Outcome], committed: Mapping[str, Setting]) -> list[str]:
    lines = []
    for pipeline, outcome in advice.items():
        lines += [f"For {pipeline}, {outcome.ratio:.2f} times the throughput; paste into config.pbtxt:", ""]
        for model, setting in outcome.candidate.settings.items():
            if setting != committed.get(model):
                lines += [f"    # {model}, instead of the present lines", *_indented(setting), ""]
    return lines or ["No candidate gained in every round of both measurements: keep the committed configs."]


def _indented(setting: Setting) -> list[str]:
    return [f"    {line}" for line in setting.lines().splitlines()]


def _cells(outcome: Outcome) -> list[str]:
    settings = outcome.candidate.settings
    alike = set(settings.values())
    shown = str(next(iter(alike))) if len(alike) == 1 else ", ".join(f"{m} {s}" for m, s in settings.items())
    return [
        outcome.candidate.name,
        shown,
        f"{outcome.committed.rate:.2f}/s",
        f"{outcome.tried.rate:.2f}/s",
        f"{outcome.ratio:.2f}",
        f"{min(outcome.ratios):.2f} to {max(outcome.ratios):.2f}",
        f"{outcome.p95_ratio:.2f}",
        f"{outcome.differing} of {outcome.requests}",
        "gains" if outcome.gains else "",
    ]
