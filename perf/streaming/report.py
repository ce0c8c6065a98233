"""Report of streams under load: Markdown, raw figures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict

from perf.instruments.command_line import table
from perf.instruments.streams.measuring import Measured, cpu_ratio, percentile_ms
from perf.instruments.streams.playing import Cost, StreamsPoint
from perf.instruments.streams.speaking import SpeechPoint

LIVE_HEADER = (
    "streams", "audio, s", "words", "shown before the final", "p50, ms", "p95, ms", "final after its last "
    "word, p50, ms",
    "CPU per s of audio, ms", "against whole recordings",
)  # fmt: skip
SPEECH_HEADER = (
    "sentences", "speech, s", "first audio, ms", "whole stream, ms", "text_to_speech, ms", "ratio"
)  # fmt: skip


def markdown(measured: Measured, machine: Mapping[str, str], command: str, plot: str = "") -> str:
    """Return the report as Markdown."""
    lines = [
        "Recordings with pauses are played in real time over concurrent streams of one client. A word's "
        "latency is the time from its end in the audio to the first interim text that shows it at its place; "
        "words that only the final has are not counted in it. Processor time is the server's, above what it "
        "takes when idle. The load generator runs on the same machine.",
        "",
        *table(LIVE_HEADER, [_live_cells(point, measured.whole) for point in measured.live]),
        "",
        f"Whole recordings, one after another: {_figure(_ms(measured.whole.cpu_per_audio))} ms of "
        "processor time "
        "per second of audio.",
        "",
        *table(SPEECH_HEADER, [_speech_cells(point) for point in measured.spoken]),
        "",
        *([f"![latency of words and processor time over streams]({plot})", ""] if plot else []),
        *(f"- {name}: {value}" for name, value in machine.items()),
        f"- command: `{command}`",
    ]
    return "\n".join(lines) + "\n"


def raw(measured: Measured, machine: Mapping[str, str], command: str) -> str:
    """Return everything as JSON, with the latency of every word."""
    content = {"command": command, "machine": dict(machine), **asdict(measured)}
    return json.dumps(content, indent=2) + "\n"


def _live_cells(point: StreamsPoint, whole: Cost) -> list[str]:
    found = point.latencies
    share = f"{len(found.shown_s) / found.words:.0%}" if found.words else "-"
    ratio = cpu_ratio(point, whole)
    return [
        str(point.streams),
        f"{point.audio_s:.0f}",
        str(found.words),
        share,
        _figure(percentile_ms(found.shown_s, 50)),
        _figure(percentile_ms(found.shown_s, 95)),
        _figure(percentile_ms(found.final_s, 50)),
        _figure(_ms(point.cpu_per_audio)),
        "-" if ratio is None else f"{ratio:.2f}",
    ]


def _speech_cells(point: SpeechPoint) -> list[str]:
    times_s = (point.first_audio_s, point.stream_s, point.whole_s)
    return [
        str(point.sentences),
        f"{point.speech_s:.1f}",
        *(_figure(_ms(value)) for value in times_s),
        f"{point.ratio:.2f}",
    ]


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
