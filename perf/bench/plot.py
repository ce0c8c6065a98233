"""Plot the `growth` benchmark: `python -m perf.bench.plot perf/results/today.json perf/growth.png`.

Run it in the NeMo environment, which has matplotlib.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

matplotlib.use("Agg")
from matplotlib import pyplot


def growth(results: Path) -> Mapping[str, Any]:
    """Return the benchmark's raw figures from a file that --json wrote."""
    for result in json.loads(results.read_text(encoding="utf-8"))["results"]:
        if result["name"].startswith("growth"):
            numbers: Mapping[str, Any] = result["raw"]
            return numbers
    raise SystemExit(
        f"perf.bench.plot: {results}: expected a result of `growth`, found none; measure it first."
    )


def plot(numbers: Mapping[str, Any], path: Path) -> None:
    """Draw time and real-time factor over the length of the text into a PNG."""
    speech_s, seconds = np.array(numbers["speech_s"]), np.array(numbers["seconds"])
    middle = np.median(seconds, axis=1)
    slope, start = np.polyfit(speech_s, middle, 1)
    figure, (times, factors) = pyplot.subplots(1, 2, figsize=(9, 3.4))
    times.plot(speech_s, seconds, ".", color="tab:blue", markersize=4)
    label = f"{start:.2f} s + {slope:.3f} s per second of speech"
    times.plot(speech_s, start + slope * speech_s, color="tab:gray", linewidth=1, label=label)
    times.set_ylabel("time, s", fontsize=8)
    times.legend(fontsize=8)
    factors.plot(speech_s, middle / speech_s, "o-", color="tab:blue", markersize=3, linewidth=1)
    for x, y, sentences in zip(speech_s, middle / speech_s, numbers["sentences"], strict=True):
        factors.annotate(str(sentences), (x, y), fontsize=7, xytext=(0, 4), textcoords="offset points")
    factors.set_xscale("log")
    factors.set_xticks(speech_s, [f"{length:.3g}" for length in speech_s])
    factors.minorticks_off()
    factors.margins(y=0.15)
    factors.set_ylabel("real-time factor (labels: sentences)", fontsize=8)
    for panel in (times, factors):
        panel.set_xlabel("length of the speech, s", fontsize=8)
        panel.set_ylim(bottom=0)
        panel.tick_params(labelsize=8)
        panel.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Plot the `growth` benchmark.")
    parser.add_argument("results", type=Path, help="what perf.bench --json wrote")
    parser.add_argument("output", type=Path, help="PNG file")
    arguments = parser.parse_args()
    plot(growth(arguments.results), arguments.output)


if __name__ == "__main__":
    main()
