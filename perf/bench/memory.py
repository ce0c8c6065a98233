"""Is the server's memory stable? It is read between portions of requests of mixed lengths."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from statistics import median

from perf.bench.effort import Effort
from perf.bench.results import Result, Row, Target
from perf.instruments.clips import LONGEST_S, SHORTEST_S, Clip, equal_clips, mixed_clips
from perf.instruments.load_client import LoadClient, serialised
from perf.instruments.model_sizes import Size
from perf.instruments.process_tree import MIB, PeakMemory, theil_sen
from perf.instruments.server import serving

CONCURRENCY = 4
PORTIONS = 20
# Freed memory is returned to the system in steps, so a stable server varies by about this much.
TARGET = Target(0.02, at_least=False)


def measure(size: Size, effort: Effort) -> Result:
    """Monitor the memory of a server's process tree over many requests."""
    clips = mixed_clips()
    with (
        serving(size.repository) as server,
        LoadClient(server.grpc_url, CONCURRENCY) as client,
        PeakMemory(server.process.pid) as peak,
    ):
        idle = peak.read().pss
        # The largest buffers first: the longest clips, all at once.
        client.answers([serialised(clip) for clip in equal_clips(2 * CONCURRENCY, LONGEST_S)])
        _send(client, clips, effort.settling_requests)
        readings = [peak.read().pss]
        for _ in range(PORTIONS):
            _send(client, clips, effort.memory_requests // PORTIONS)
            readings.append(peak.read().pss)
    slope = theil_sen(readings)
    grown = slope * PORTIONS
    settled = median(readings[: PORTIONS // 4])
    return Result(
        f"memory {size.name}",
        [
            Row(
                f"growth of memory over {effort.memory_requests} requests, {size.name} size",
                f"{grown / MIB:+.1f} MiB",
                f"{settled / MIB:.0f} MiB after settling",
                grown / settled,
                unit="%",
                target=TARGET,
            )
        ],
        [
            f"{size.name} size, whole process tree, shared pages counted once (PSS): {idle / MIB:.0f} MiB "
            f"before the first request, {settled / MIB:.0f} MiB after {effort.settling_requests} requests, "
            f"peak {peak.pss / MIB:.0f} MiB (sum of RSS {peak.rss / MIB:.0f} MiB); clips of {SHORTEST_S:g} "
            f"to {LONGEST_S:g} s, {CONCURRENCY} at a time.",
            f"Growth is the Theil-Sen slope of {len(readings)} readings between portions of requests; "
            f"the last reading was {(readings[-1] - settled) / MIB:+.1f} MiB from the settled level.",
        ],
        {"idle": idle, "peak_pss": peak.pss, "peak_rss": peak.rss, "pss_between_portions": readings},
    )


def _send(client: LoadClient, clips: Iterator[Clip], count: int) -> None:
    # In portions, because serialised requests are as large as their audio.
    while count > 0:
        portion = [serialised(clip) for clip in islice(clips, min(count, 50))]
        client.answers(portion)
        count -= len(portion)
