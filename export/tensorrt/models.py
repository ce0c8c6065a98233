"""What a family tells of a model that an engine is made of: shapes, inputs, tolerances, precision."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from export.tensorrt.profiles import Axis, Range
from export.tensorrt.repository import Repository
from export.tensorrt.samples import Arrays, Reference
from export.tensorrt.verification import Row


@dataclass(frozen=True)
class EngineModel(ABC):
    """One model of the repository."""

    name: str
    half: bool = True  # whether products are computed in half precision

    @property
    def precision(self) -> str:
        """As records have it."""
        return "FP16 products, FP32 elsewhere" if self.half else "FP32"

    @abstractmethod
    def inputs(self, repository: Repository, batch: Axis) -> Mapping[str, Range]:
        """Shapes of every input, batch first, for a range of batches.

        Raises:
            EngineError: a config or sidecar lacks what they are made of.
        """

    @abstractmethod
    def arrays(self, repository: Repository, reference: Reference) -> Arrays:
        """Inputs like what the model is served with: rows of mixed lengths, deterministic.

        Args:
            repository: the models as they are served.
            reference: runs the graph of another model, for what comes before this one.

        Raises:
            EngineError: a file that they are made of is missing.
        """

    @abstractmethod
    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Errors of an engine's outputs against the graph's, each with its tolerance."""
