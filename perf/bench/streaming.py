"""What live streams cost, and how soon words are shown and texts heard."""

from __future__ import annotations

from dataclasses import asdict

from perf.bench.effort import QUICK, Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.errors import MeasurementError
from perf.instruments.model_sizes import Size
from perf.instruments.server import Endpoints, serving
from perf.instruments.streams.measuring import cpu_ratio, measure_streams, percentile_ms

STREAMS, SECONDS = 8, 30.0
QUICK_SECONDS = 10.0
STEP_MS = 320  # of audio that the bundled recogniser takes at a time
CPU_TARGET = Target(2.0, at_least=False)
LATENCY_TARGET = Target(250 / STEP_MS, at_least=False)
TIME_TARGET = Target(1.3, at_least=False)


def measure(size: Size, effort: Effort) -> Result:
    """Compare streams with the pipelines of whole recordings and texts, on the same server."""
    seconds = QUICK_SECONDS if effort is QUICK else SECONDS
    with serving(size.repository) as server:
        measured = measure_streams(Endpoints.of(server), (STREAMS,), seconds, effort.rounds)
    (live,) = measured.live
    latency_ms = percentile_ms(live.latencies.shown_s, 50)
    tail_ms = percentile_ms(live.latencies.shown_s, 95)
    ratio = cpu_ratio(live, measured.whole)
    if latency_ms is None or tail_ms is None or ratio is None:
        raise MeasurementError("streaming: expected words in the streams, got none; check the recordings.")
    cost, whole = live.cpu_per_audio or 0.0, measured.whole.cpu_per_audio or 0.0
    spoken, longest = measured.spoken, measured.spoken[-1]
    return Result(
        f"streaming {size.name}",
        [
            Row(
                f"processor time per second of audio, {STREAMS} live streams against whole recordings",
                f"{cost * 1000:.1f} ms",
                f"{whole * 1000:.1f} ms",
                ratio,
                target=CPU_TARGET,
            ),
            Row(
                f"median time from the end of a word to its first interim, {STREAMS} streams, against a "
                "step of audio",
                f"{latency_ms:.0f} ms",
                f"{STEP_MS} ms",
                latency_ms / STEP_MS,
                target=LATENCY_TARGET,
            ),
            Row(
                f"whole time of streaming synthesis against text_to_speech, {longest.sentences} sentences",
                f"{longest.stream_s * 1000:.0f} ms",
                f"{longest.whole_s * 1000:.0f} ms",
                longest.ratio,
                target=TIME_TARGET,
            ),
        ],
        [
            f"{STREAMS} streams in real time: p95 {tail_ms:.0f} ms; an interim shows "
            f"{len(live.latencies.shown_s)} of {live.latencies.words} words before the final.",
            "First audio of synthesis, medians: "
            + ", ".join(
                f"{point.sentences} sentences {point.first_audio_s * 1000:.0f} ms" for point in spoken
            )
            + ".",
        ],
        asdict(measured),
    )
