"""Everything that is measured of streams on one server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perf.instruments.command_line import log
from perf.instruments.server import Endpoints
from perf.instruments.streams.playing import Cost, StreamsPoint, idle_share, offline, play, warm_up
from perf.instruments.streams.speaking import SpeechPoint, speak

SENTENCES = (1, 4, 16)


@dataclass(frozen=True)
class Measured:
    """What was measured."""

    live: Sequence[StreamsPoint]
    whole: Cost
    spoken: Sequence[SpeechPoint]


def measure_streams(target: Endpoints, streams: Sequence[int], seconds: float, rounds: int) -> Measured:
    """Measure a server that has nothing else to do.

    Args:
        target: the server.
        streams: numbers of concurrent streams.
        seconds: of audio on each.
        rounds: how often each text is synthesized.
    """
    warm_up(target)
    idle = idle_share(target)
    live = []
    for count in streams:
        log(f"{count} streams for {seconds:g} s ...")
        live.append(play(target, count, seconds, idle))
    log("the same recordings as a whole ...")
    whole = offline(target, max(streams), seconds)
    log("synthesis ...")
    return Measured(live, whole, [speak(target, count, rounds) for count in SENTENCES])


def percentile_ms(values_s: Sequence[float], share: float) -> float | None:
    """Return a percentile in milliseconds, None of no values."""
    return float(np.percentile(values_s, share)) * 1000 if values_s else None


def cpu_ratio(point: StreamsPoint, whole: Cost) -> float | None:
    """Return the processor time for a second of live audio per that for one of whole recordings."""
    if point.cpu_per_audio is None or not whole.cpu_per_audio:
        return None
    return point.cpu_per_audio / whole.cpu_per_audio
