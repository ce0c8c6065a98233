"""Inputs that engines are verified with: deterministic, and like what the models are served with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from export.tensorrt.repository import Repository

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

Arrays = dict[str, NDArray[Any]]
Reference = Callable[[str], Arrays]
"""What another model's graph makes of the inputs that its own engine is verified with."""

TEXTS = (
    "the quick brown fox jumps over the lazy dog and nobody asked it why",
    "when the rain had stopped we walked down to the harbour to see the boats come in",
    "how much would you pay for a ticket to paris on a friday night in june",
    "no",
)
SEED = 20


@dataclass(frozen=True)
class Sample:
    """One batch."""

    name: str
    inputs: Arrays


def samples_of(model: EngineModel, repository: Repository, reference: Reference) -> list[Sample]:
    """Batches for a model: some rows of mixed lengths together, and one alone.

    Raises:
        EngineError: files of the models before it are missing.
    """
    whole = model.arrays(repository, reference)
    most = repository.config(model.name).max_batch_size
    batch = {name: array[:most] for name, array in whole.items()}
    alone = {name: array[:1] for name, array in whole.items()}
    return [Sample("mixed batch", batch), Sample("one row", alone)]
