"""Inputs that engines are verified with: deterministic, and like what the models get when served."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx

from export.tensorrt.repository_version import RepositoryVersion

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

Arrays = dict[str, NDArray[Any]]
Reference = Callable[[str], Arrays]
"""The outputs of another model's graph for the inputs that its own engine is verified with."""

TEXTS = (
    "the quick brown fox jumps over the lazy dog and nobody asked it why",
    "when the rain had stopped we walked down to the harbour to see the boats come in",
    "how much would you pay for a ticket to paris on a friday night in june",
    "no",
)
SEED = 20


def samples_of(model: EngineModel, repository: RepositoryVersion) -> dict[str, Arrays]:
    """Inputs by the name of the profile that they are for: one row, and rows of mixed lengths.

    Raises:
        EngineError, ArtifactError: files of the models that precede it are missing.
    """
    rows = model.arrays(repository, partial(reference_outputs, repository))
    largest = repository.config(model.name).max_batch_size
    sizes = {"single": 1} if largest == 1 else {"single": 1, "batch": largest}
    return {profile: {name: array[:size] for name, array in rows.items()} for profile, size in sizes.items()}


def reference_outputs(repository: RepositoryVersion, name: str) -> Arrays:
    """What ONNX Runtime computes for the inputs that a model's engine is verified with.

    Raises:
        EngineError, ArtifactError: no family has such a model, or a file is missing.
    """
    from export.families import engine_named  # families import this module

    inputs = engine_named(name).arrays(repository, partial(reference_outputs, repository))
    return graph_outputs(str(repository.graph(name)), inputs)


def graph_outputs(graph: str | bytes, inputs: Arrays) -> Arrays:
    """Run a graph, a file or serialised, once on ONNX Runtime's CPU provider."""
    with OnnxrtRunner(SessionFromOnnx(graph)) as runner:
        return dict(runner.infer(inputs))
