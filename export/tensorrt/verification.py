"""What an engine computes against what ONNX Runtime computes of the same graph.

A row is compared where it is valid: behind its end an engine may give more padding than the graph, never
another result before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from export.tensorrt.samples import Arrays, Sample
from export.verification import Check, disagreement, max_abs, relative_l2

Run = Callable[[Mapping[str, NDArray[Any]]], Arrays]

# Several times what the rules of `precision` cost on the bundled checkpoints (figures: export/README.md).
FEATURES_ABS = 2e-3
LOG_PROBS_L2 = 0.01
LABELS = 0.02  # of the frames or tokens, where two labels are about equally probable
LOGITS_L2 = 0.01
STEPS = 4  # steps that one row may be longer or shorter
MEL_L2 = 0.05  # Tacotron 2 feeds its output back, so that small differences grow
ALIGNMENT_ABS = 0.15
AUDIO_L2 = 0.05


def compare(model: str, samples: Sequence[Sample], engine: Run, graph: Run) -> list[Check]:
    """Run every sample through both, and compare."""
    checks: list[Check] = []
    for sample in samples:
        measured, expected = engine(sample.inputs), graph(sample.inputs)
        checks += [
            Check(f"{subject}, {sample.name}", measure, error, tolerance)
            for subject, measure, error, tolerance in _OF[model](measured, expected)
        ]
    return checks


Row = tuple[str, str, float, float | None]


def lengths_row(name: str, measured: Arrays, expected: Arrays) -> Row:
    """Lengths are whole numbers and equal."""
    return (
        name,
        "differing",
        disagreement(measured[name].ravel().tolist(), expected[name].ravel().tolist()),
        0,
    )


def valid_rows(array: NDArray[Any], length: NDArray[Any], axis: int) -> list[NDArray[Any]]:
    """The rows of a batch without their padding; `axis` counts without the batch."""
    return [
        row[(slice(None),) * axis + (slice(int(count)),)]
        for row, count in zip(array, length[:, 0], strict=True)
    ]


def joined(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """All values of some rows."""
    return np.concatenate([row.ravel() for row in rows]) if rows else np.zeros(0)


def features_rows(measured: Arrays, expected: Arrays) -> list[Row]:
    """Features, and their lengths."""
    values = [
        joined(valid_rows(side["features"], expected["features_length"], 1)) for side in (measured, expected)
    ]
    return [
        lengths_row("features_length", measured, expected),
        ("features", "max abs", max_abs(*values), FEATURES_ABS),
    ]


def quartznet_rows(measured: Arrays, expected: Arrays) -> list[Row]:
    """Log-probabilities, and the best label of every frame."""
    rows = [valid_rows(side["log_probs"], expected["log_probs_length"], 0) for side in (measured, expected)]
    best = [[label for row in side for label in row.argmax(axis=1).tolist()] for side in rows]
    return [
        lengths_row("log_probs_length", measured, expected),
        ("log_probs", "relative L2", relative_l2(joined(rows[0]), joined(rows[1])), LOG_PROBS_L2),
        ("best label", "frames differing", disagreement(best[0], best[1]), LABELS),
    ]


def bert_rows(measured: Arrays, expected: Arrays) -> list[Row]:
    """Logits and labels of both heads; padding has logits of its own, which nobody reads."""
    checks: list[Row] = []
    for name in ("punct_logits", "capit_logits"):
        best = [side[name].argmax(axis=2).ravel().tolist() for side in (measured, expected)]
        checks += [
            (name, "relative L2", relative_l2(measured[name], expected[name]), LOGITS_L2),
            (f"{name}: label", "tokens differing", disagreement(best[0], best[1]), LABELS),
        ]
    return checks


def tacotron2_rows(measured: Arrays, expected: Arrays) -> list[Row]:
    """Lengths, and spectrogram, attention and gate as far as both go.

    Where a gate is near its threshold a row may end a few steps earlier or later; what both have is compared.
    """
    made, wanted = measured["mel_length"], expected["mel_length"]
    shared = np.minimum(made, wanted)
    per_step = max(1, expected["mel"].shape[2] // max(1, expected["gate"].shape[1]))
    mels = [joined(valid_rows(side["mel"], shared, 1)) for side in (measured, expected)]
    looks = [joined(valid_rows(side["alignment"], shared // per_step, 0)) for side in (measured, expected)]
    gates = [joined(valid_rows(side["gate"], shared // per_step, 0)) for side in (measured, expected)]
    return [
        ("mel_length", "steps at most", float(np.abs(made - wanted).max(initial=0)) / per_step, STEPS),
        ("mel", "relative L2", relative_l2(*mels), MEL_L2),
        ("alignment", "max abs", max_abs(*looks), ALIGNMENT_ABS),
        ("gate", "max abs", max_abs(*gates), None),
    ]


def waveglow_rows(measured: Arrays, expected: Arrays) -> list[Row]:
    """Samples, and silence behind them."""
    length = expected["audio_length"]
    rows = [joined(valid_rows(side["audio"], length, 0)) for side in (measured, expected)]
    behind = [row[int(count) :] for row, count in zip(measured["audio"], length[:, 0], strict=True)]
    silent = joined(behind)
    return [
        lengths_row("audio_length", measured, expected),
        ("audio", "relative L2", relative_l2(rows[0], rows[1]), AUDIO_L2),
        ("behind the end", "max abs", max_abs(silent, np.zeros_like(silent)), 0.0),
    ]


_OF: dict[str, Callable[[Arrays, Arrays], list[Row]]] = {
    "asr_features": features_rows,
    "asr_quartznet": quartznet_rows,
    "punctuation_bert": bert_rows,
    "tts_tacotron2": tacotron2_rows,
    "tts_waveglow": waveglow_rows,
}
