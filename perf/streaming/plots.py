"""Plot of streams under load: latency of words and processor time over the number of streams."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from perf.instruments.streams.measuring import Measured, percentile_ms


def draw(measured: Measured, path: Path) -> None:
    """Write the plot as a PNG."""
    streams = [point.streams for point in measured.live]
    figure, (latency, work) = pyplot.subplots(1, 2, figsize=(9, 3.4))
    for share, line in ((50, "o-"), (95, "s--")):
        values = [percentile_ms(point.latencies.shown_s, share) for point in measured.live]
        shown = [float("nan") if value is None else value for value in values]
        latency.plot(streams, shown, line, label=f"p{share}", markersize=4)
    latency.set_ylabel("from the end of a word to its interim, ms", fontsize=8)
    costs = [point.cpu_per_audio for point in measured.live]
    costs_ms = [float("nan") if value is None else value * 1000 for value in costs]
    work.plot(streams, costs_ms, "o-", label="live")
    if measured.whole.cpu_per_audio is not None:
        work.axhline(measured.whole.cpu_per_audio * 1000, color="tab:gray", label="whole recordings")
    work.set_ylabel("processor time per second of audio, ms", fontsize=8)
    for panel in (latency, work):
        panel.set_xlabel("concurrent streams", fontsize=8)
        panel.set_xticks(streams)
        panel.set_ylim(bottom=0)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
