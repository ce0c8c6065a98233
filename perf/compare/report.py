"""The comparison as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from perf.compare.matching import FIGURES, Match, Pair
from perf.compare.thresholds import Regression
from perf.instruments.command_line import table
from perf.instruments.load_test_results import LoadTestRun, Point

HEADER = (
    *("model", "protocol", "load"),
    *("requests/s base", "new", "ratio"),
    *("p50 ms base", "new", "ratio"),
    *("p95 ms base", "new", "ratio"),
    *("p99 ms base", "new", "ratio"),
    "remarks",
)
NOTHING = "–"  # noqa: RUF001


def markdown(
    runs: tuple[LoadTestRun, LoadTestRun],
    found: Match,
    regressed: Sequence[Regression],
    bounds: Mapping[str, float | None],
    warnings: Sequence[str],
) -> str:
    """Return warnings, a table of all common points, regressions, and the points of only one run."""
    base, new = runs
    worse = {id(regression.pair) for regression in regressed}
    lines = [
        "# Load tests compared",
        "",
        f"- base: {_described(base)}",
        f"- new: {_described(new)}",
        f"- ratios are new to base; at a request rate, of the answered shares; bounds: {_bounds(bounds)}",
        "",
        *(f"**Warning.** {warning}\n" for warning in warnings),
        *table(HEADER, [_cells(pair, id(pair) in worse) for pair in found.pairs]),
        "",
    ]
    if regressed:
        lines += [f"Regressions ({len(regressed)}):", "", *(f"- {regression}" for regression in regressed)]
    else:
        lines.append("No regression beyond the stated bounds.")
    for name, points in (("base", found.only_base), ("new", found.only_new)):
        if points:
            lines += ["", f"Only in the {name} run: {'; '.join(map(_named, points))}."]
    return "\n".join(lines) + "\n"


def _described(run: LoadTestRun) -> str:
    return f"{run.started_utc}, {run.git_commit}, configs {run.config_variant}, `{run.command}`"


def _bounds(bounds: Mapping[str, float | None]) -> str:
    stated = [
        f"{name} {'at least' if name == 'throughput' else 'at most'} {bound:g}"
        for name, bound in bounds.items()
        if bound is not None
    ]
    return ", ".join(stated) or "none"


def _cells(pair: Pair, worse: bool) -> list[str]:
    cells = [pair.base.model, pair.base.protocol, _load(pair)]
    for name, read in FIGURES.items():
        ratio = pair.ratio(name)
        cells += [
            *(_figure(read(point)) for point in (pair.base, pair.new)),
            NOTHING if ratio is None else f"{ratio:.2f}",
        ]
    remarks = ["worse"] * worse + ["unstable"] * pair.unstable
    remarks += [
        f"{name} failed" for name, point in (("base", pair.base), ("new", pair.new)) if not point.latency
    ]
    return [*cells, ", ".join(remarks)]


def _load(pair: Pair) -> str:
    if pair.base.value == pair.new.value:
        return f"{pair.base.mode} {pair.base.load}"
    # A share of the best throughput: a different number of requests per second in each run.
    return f"{pair.base.mode} {pair.base.load} ({pair.base.value:.3g} and {pair.new.value:.3g})"


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"


def _named(point: Point) -> str:
    return f"{point.model} {point.protocol} {point.mode} {point.load}"
