"""The comparison as Markdown."""

from __future__ import annotations

from perf.alternative.results import TRANSCRIPTION, AlternativeResult, Point, ServerFigures
from perf.instruments.command_line import table

HEADER = (
    "task",
    "clients",
    "tritone",
    "NeMo + FastAPI",
    "throughput ratio",
    "single rounds",
    "tritone p50 / p95 / p99",
    "NeMo + FastAPI p50 / p95 / p99",
)


def markdown(result: AlternativeResult) -> str:
    """Return a table of all points, followed by remarks on how to read it."""
    lines = table(HEADER, [_cells(point) for point in result.points])
    return "\n".join([*lines, "", *(f"- {remark}" for remark in remarks(result))]) + "\n"


def remarks(result: AlternativeResult) -> list[str]:
    """Return what was compared, and how many answers differ."""
    weights = {"demo": "the bundled checkpoints", "full": "networks of the published sizes, random weights"}
    cause = "; random weights amplify rounding" if result.size == "full" else ""
    spoken = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in result.spoken_s.items())
    versions = ", ".join(f"{name} {version}" for name, version in result.versions.items())
    counts = {point.task: point.requests for point in result.points}
    requests = " and ".join(f"{count} of {task}" for task, count in counts.items())
    return [
        f"{weights.get(result.size, result.size)}; both servers on the same cores over HTTP, in turn, "
        f"{result.rounds} rounds of {requests}; figures are medians of the rounds, in seconds of audio per "
        "second, latencies are over all requests.",
        "NeMo + FastAPI: NeMo's own classes in the view's process, a lock lets one request in at a time.",
        f"{result.transcripts_differing} of {result.transcripts} texts differ between the two{cause}.",
        f"Length of the speech made from the same texts: {spoken} (each side draws its own dropout).",
        f"The alternative runs on {versions}.",
    ]


def _cells(point: Point) -> list[str]:
    low, high = point.throughput_ratio_range
    heard = "recognised" if point.task == TRANSCRIPTION else "spoken"
    return [
        point.task,
        str(point.clients),
        f"{point.tritone.audio_s_per_s:.2f} s/s {heard}",
        f"{point.alternative.audio_s_per_s:.2f} s/s",
        f"{point.throughput_ratio:.2f} times",
        f"{low:.2f} to {high:.2f}",
        _latencies(point.tritone),
        _latencies(point.alternative),
    ]


def _latencies(figures: ServerFigures) -> str:
    return f"{figures.p50_ms:.0f} / {figures.p95_ms:.0f} / {figures.p99_ms:.0f} ms"
