"""Plot a run's log: `python -m training.curves training/runs/quartznet_small --output curve.png`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

# Title of each panel, and the quantities of the log that it shows under a name.
PANELS = {
    "CTC loss per character, augmented clips": {"loss": "training"},
    "word error rate": {"validation_wer": "held-out"},
    "punctuation, cross-entropy": {
        "punctuation_loss": "training",
        "validation_punctuation_loss": "held-out",
    },
    "capitals, cross-entropy": {"capital_loss": "training", "validation_capital_loss": "held-out"},
    "hidden tokens, cross-entropy": {"masked_loss": "training"},
    "spectrogram, absolute and squared error": {
        "refined_loss": "training",
        "validation_refined_loss": "held-out",
    },
    "end of the utterance, cross-entropy": {"gate_loss": "training", "validation_gate_loss": "held-out"},
    "spectra, convergence and log magnitude": {"stft": "training", "validation_stft": "held-out"},
    "log-mel bands, weighted": {"mel": "training", "validation_mel": "held-out"},
    "adversary, squared error": {"adversary": "training"},
}
Curve = tuple[list[float], list[float]]


def read_log(path: Path) -> dict[str, Curve]:
    """Return the optimiser steps and values of every quantity.

    Rows that a continued run repeats replace the earlier ones: what was trained after the last checkpoint
    is lost when a run stops.
    """
    rows: list[dict[str, float]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        while rows and rows[-1]["elapsed_s"] > row["elapsed_s"]:
            rows.pop()
        rows.append(row)
    curves: dict[str, Curve] = {}
    for row in rows:
        for name, value in row.items():
            steps, values = curves.setdefault(name, ([], []))
            steps.append(row["step"])
            values.append(value)
    return curves


def plot(curves: dict[str, Curve], path: Path) -> None:
    """Draw the panels that the log has curves for into a PNG."""
    titles = [title for title, names in PANELS.items() if names.keys() & curves.keys()]
    figure, panels = pyplot.subplots(1, len(titles), figsize=(4 * len(titles), 3), squeeze=False)
    for panel, title in zip(panels[0], titles, strict=True):
        for name, label in PANELS[title].items():
            if name in curves:
                marker = "o" if label == "held-out" else None
                panel.plot(*curves[name], linewidth=1, marker=marker, markersize=3, label=label)
        panel.set_title(title, fontsize=9)
        panel.set_xlabel("optimiser steps", fontsize=8)
        panel.tick_params(labelsize=8)
        panel.set_ylim(bottom=0)
        panel.legend(fontsize=8)
        panel.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Plot a run's log.")
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--output", type=Path, required=True, help="PNG file")
    arguments = parser.parse_args()
    plot(read_log(arguments.run / "log.jsonl"), arguments.output)


if __name__ == "__main__":
    main()
