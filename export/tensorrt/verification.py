"""An engine's outputs and times against those of ONNX Runtime for the same graph.

Rows are compared where they are valid: after a row's end an engine may return more padding than the graph,
but before it the values must agree. Hence each family has its own comparison, where Polygraphy's would
compare whole arrays.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from polygraphy.backend.base import BaseRunner
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx
from polygraphy.comparator import Comparator

from export.tensorrt.samples import Arrays, samples_of
from export.verification import Check, disagreement

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel
    from export.tensorrt.repository_version import RepositoryVersion

ROUNDS = 9  # timed runs

Row = tuple[str, str, float, float | None]
"""Subject, measure, error and tolerance."""


@dataclass(frozen=True)
class Verification:
    """Errors and times of one engine."""

    checks: Sequence[Check]
    engine_ms: float  # median for the largest sample, transfers included
    runtime_ms: float  # the same for ONNX Runtime on the CPU


def verify(
    model: EngineModel,
    repository: RepositoryVersion,
    engine: Callable[[int], BaseRunner],
    rounds: int = ROUNDS,
) -> Verification:
    """Run an engine and its graph on the same inputs, each profile on its own.

    Args:
        model: whose engine it is.
        repository: has the graph, and the files that the inputs are computed from.
        engine: returns a runner that uses the profile of an index.
        rounds: timed runs.

    Raises:
        PolygraphyException: the engine cannot be loaded, or refuses inputs.
    """
    checks: list[Check] = []
    times = [0.0, 0.0]
    graph = OnnxrtRunner(SessionFromOnnx(str(repository.graph(model.name))), name="ONNX Runtime")
    for index, (profile, inputs) in enumerate(samples_of(model, repository).items()):
        results = Comparator.run([engine(index), graph], data_loader=[inputs] * rounds, warm_up=1)
        measured, expected = (dict(iterations[0].items()) for _, iterations in results)
        checks += [
            Check(f"{subject}, {profile}", measure, error, tolerance)
            for subject, measure, error, tolerance in model.compare(measured, expected)
        ]
        times = [1e3 * statistics.median(run.runtime for run in iterations) for _, iterations in results]
    return Verification(checks, *times)


def lengths_row(name: str, measured: Arrays, expected: Arrays) -> Row:
    """Lengths are integers, and must be equal."""
    sides = (side[name].ravel().tolist() for side in (measured, expected))
    return (name, "differing", disagreement(*sides), 0)


def valid_rows(array: NDArray[Any], length: NDArray[Any], axis: int) -> list[NDArray[Any]]:
    """The rows of a batch without their padding; `axis` does not count the batch."""
    return [
        row[(slice(None),) * axis + (slice(int(count)),)]
        for row, count in zip(array, length[:, 0], strict=True)
    ]


def joined(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """All values of some rows, flat."""
    return np.concatenate([row.ravel() for row in rows]) if rows else np.zeros(0)
