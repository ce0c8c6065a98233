"""Plot a run's log: `python -m training.curves training/runs/quartznet_small --output curve.png`."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

NAMES = {
    "loss": "CTC loss per character, augmented training clips",
    "validation_wer": "word error rate, clean held-out sentences",
    "punctuation_loss": "punctuation, cross-entropy",
    "validation_punctuation_loss": "punctuation, held-out, cross-entropy",
    "capital_loss": "capitals, cross-entropy",
    "masked_loss": "hidden tokens, cross-entropy",
}


def read_log(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Return, for every measured quantity, minutes of training and values.

    Rows that a continued run repeats replace the earlier ones: what was trained after the last checkpoint
    is lost when a run stops.
    """
    rows: list[dict[str, float]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        while rows and rows[-1]["elapsed_s"] > row["elapsed_s"]:
            rows.pop()
        rows.append(row)
    curves: dict[str, tuple[list[float], list[float]]] = {}
    for row in rows:
        for name in NAMES:
            if name in row:
                minutes, values = curves.setdefault(name, ([], []))
                minutes.append(row["elapsed_s"] / 60)
                values.append(row[name])
    return curves


def plot(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> None:
    """Draw one panel per quantity into a PNG."""
    figure, panels = pyplot.subplots(1, len(curves), figsize=(4 * len(curves), 3), squeeze=False)
    for panel, (name, (minutes, values)) in zip(panels[0], curves.items(), strict=True):
        few = len(values) < 50
        panel.plot(minutes, values, color="#1f77b4", linewidth=1, marker="o" if few else None, markersize=3)
        panel.set_title(NAMES[name], fontsize=9)
        panel.set_xlabel("minutes of training", fontsize=8)
        panel.tick_params(labelsize=8)
        panel.set_ylim(bottom=0)
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
