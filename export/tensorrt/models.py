"""What a family says about a model that an engine is built for: shapes, inputs, tolerances, precision."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from polygraphy.backend.trt import ShapeTuple

from export.tensorrt.profiles import Axis
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.samples import Arrays, Reference
from export.tensorrt.verification import Row


@dataclass(frozen=True)
class EngineModel(ABC):
    """One model of the repository."""

    name: str
    half: bool = True  # whether products are computed in half precision

    @property
    def precision(self) -> str:
        """The precision as records state it."""
        return "FP16 products, FP32 elsewhere" if self.half else "FP32"

    @abstractmethod
    def inputs(self, repository: RepositoryVersion, batch: Axis) -> Mapping[str, ShapeTuple]:
        """Shapes of every input, batch first, for a range of batch sizes.

        Raises:
            EngineError, ArtifactError: a config or sidecar lacks what they are computed from.
        """

    @abstractmethod
    def arrays(self, repository: RepositoryVersion, reference: Reference) -> Arrays:
        """Inputs like those that the model gets when served: rows of mixed lengths, deterministic.

        Args:
            repository: the models as they are served.
            reference: runs the graph of another model, for what precedes this one.

        Raises:
            EngineError, ArtifactError: a file that they are computed from is missing.
        """

    @abstractmethod
    def compare(self, measured: Arrays, expected: Arrays) -> list[Row]:
        """Errors of an engine's outputs against the graph's, each with its tolerance."""
