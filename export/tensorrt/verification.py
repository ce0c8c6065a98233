"""What an engine computes against what ONNX Runtime computes of the same graph.

A row is compared where it is valid: behind its end an engine may give more padding than the graph, never
another result before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from export.tensorrt.samples import Arrays, Sample
from export.verification import Check, disagreement

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

Run = Callable[[Mapping[str, NDArray[Any]]], Arrays]


def compare(model: EngineModel, samples: Sequence[Sample], engine: Run, graph: Run) -> list[Check]:
    """Run every sample through both, and compare."""
    checks: list[Check] = []
    for sample in samples:
        measured, expected = engine(sample.inputs), graph(sample.inputs)
        checks += [
            Check(f"{subject}, {sample.name}", measure, error, tolerance)
            for subject, measure, error, tolerance in model.compare(measured, expected)
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
