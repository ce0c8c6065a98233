"""Figures from perf_analyzer's CSV, and the reason for their absence from its output."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from perf.instruments.errors import AnalyzerError
from perf.instruments.load_test_results import Latency

_PASS = re.compile(r"Pass \[\d+\] throughput: ([\d.e+]+) infer/sec\. Avg latency: (\d+) usec")
_UNSTABLE = "Failed to obtain stable measurement"
_THREAD_ERROR = re.compile(r"^Thread \[\d+\] had error: (.*)$", re.MULTILINE)
_LONGEST_REASON = 300  # characters of a server's message


@dataclass(frozen=True)
class Figures:
    """One row of the CSV."""

    throughput: float  # answered requests per second
    latency: Latency


@dataclass(frozen=True)
class Window:
    """One of the measurement windows that perf_analyzer compares."""

    throughput: float  # requests per second
    latency_ms: float  # mean


def read_figures(path: Path) -> Figures:
    """Read the CSV of one load.

    Raises:
        AnalyzerError: the columns are not those of perf_analyzer 2.51.
    """
    with path.open(encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file), {})
    try:
        times = [float(row[f"{name} latency"]) / 1000 for name in ("Avg", "p50", "p90", "p95", "p99")]
        return Figures(float(row["Inferences/Second"]), Latency(*times))
    except (KeyError, TypeError, ValueError) as error:
        raise AnalyzerError(
            f"{path.name}: expected perf_analyzer's columns of throughput and latency, got {error}; "
            "use perf_analyzer 2.51."
        ) from error


def read_windows(output: str) -> list[Window]:
    """Read the measurement windows from the output."""
    return [Window(float(rate), int(latency) / 1000) for rate, latency in _PASS.findall(output)]


def is_unstable(output: str) -> bool:
    """Whether perf_analyzer stopped because the windows differed too much."""
    return _UNSTABLE in output


def instability(windows: list[Window], percent: float) -> str:
    """Describe by how much the windows differed."""
    if not windows:
        return f"windows differed by more than {percent:g}%"
    rates, latencies = [w.throughput for w in windows], [w.latency_ms for w in windows]
    return (
        f"{len(windows)} windows differed by more than {percent:g}%: {min(rates):.4g} to {max(rates):.4g} "
        f"requests/s, mean latency {min(latencies):.4g} to {max(latencies):.4g} ms"
    )


def failure(output: str, code: int) -> str:
    """Return why there are no figures: the server's message if a request failed."""
    errors = list(dict.fromkeys(match.strip() for match in _THREAD_ERROR.findall(output)))
    if errors:
        shown = errors[0] if len(errors[0]) <= _LONGEST_REASON else f"{errors[0][:_LONGEST_REASON]}..."
        return f"perf_analyzer stops at the first request that fails: {shown}"
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    reasons = [line for line in lines if line.lower().startswith(("error", "failed"))] or lines[-1:]
    return f"perf_analyzer ended with code {code}: {reasons[0] if reasons else 'no output'}"
