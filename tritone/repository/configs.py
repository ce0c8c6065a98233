"""Read config.pbtxt files through Triton's own protobuf."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from ..contract import TensorSpec
from ..errors import ArtifactError
from ..model_parameters import NEXT, RECOGNITION, VERSIONS_WITH, Parameters


@dataclass(frozen=True)
class ModelFolder:
    """A model of a repository with one of its configs."""

    path: Path  # the model's folder
    config_path: Path  # config.pbtxt, or a variant in configs/
    config: Any  # inference.ModelConfig

    @property
    def name(self) -> str:
        """Name of the folder, under which Triton serves the model."""
        return self.path.name

    @property
    def versions(self) -> list[Path]:
        """The version folders, oldest first."""
        folders = [folder for folder in self.path.iterdir() if folder.is_dir() and folder.name.isdigit()]
        return sorted(folders, key=lambda folder: int(folder.name))

    @property
    def parameters(self) -> Parameters:
        """Parameters of the config."""
        return Parameters.of(self.config)

    @property
    def calls(self) -> set[str]:
        """Names of the models that this one calls."""
        return set(self.parameters.partners.values())

    @property
    def versions_with(self) -> set[str]:
        """Names of the models that must have the same versions as this one."""
        return (self.calls - self.shared) | {self.parameters.text(VERSIONS_WITH)} - {""}

    @property
    def shared(self) -> set[str]:
        """Names of the called models that belong to no checkpoint, and have versions of their own."""
        return self.parameters.shared

    @property
    def serves_streams(self) -> bool:
        """Whether this model recognises streams; it calls the networks that other callers call too."""
        return self.parameters.has(RECOGNITION)

    @property
    def next(self) -> str | None:
        """The model that takes the responses of this one and exerts back-pressure on it."""
        return self.parameters.text(NEXT) if self.parameters.has(NEXT) else None

    @property
    def inputs(self) -> dict[str, TensorSpec]:
        """Declared inputs by name."""
        return {tensor.name: _spec(tensor) for tensor in self.config.input}

    @property
    def outputs(self) -> dict[str, TensorSpec]:
        """Declared outputs by name."""
        return {tensor.name: _spec(tensor) for tensor in self.config.output}


def read_config(path: Path) -> Any:
    """Parse one config file.

    Raises:
        ArtifactError: the file is not a valid ModelConfig.
    """
    try:
        return text_format.Parse(path.read_text(encoding="utf-8"), model_config_pb2.ModelConfig())
    except text_format.ParseError as error:
        raise ArtifactError(
            f"{path}: expected a Triton model configuration, got a syntax error: {error}"
        ) from error


def model_folders(repository: Path) -> list[Path]:
    """The folders of a repository's models, in order; hidden folders are none."""
    return sorted(path for path in repository.iterdir() if path.is_dir() and not path.name.startswith("."))


def read_repositories(repositories: Sequence[Path]) -> Iterator[ModelFolder]:
    """Yield every model, once with config.pbtxt and once with each variant in configs/."""
    for repository in repositories:
        for folder in model_folders(repository):
            main = folder / "config.pbtxt"
            if not main.is_file():
                raise ArtifactError(
                    f"{folder}: expected a config.pbtxt, found none; write one or remove the folder."
                )
            for path in (main, *sorted(folder.glob("configs/*.pbtxt"))):
                yield ModelFolder(folder, path, read_config(path))


def connects(source: TensorSpec, target: TensorSpec) -> bool:
    """Return whether two tensors can be connected: equal types, equal dims where both are fixed."""
    return (
        source.dtype == target.dtype
        and len(source.dims) == len(target.dims)
        and all(-1 in pair or pair[0] == pair[1] for pair in zip(source.dims, target.dims, strict=True))
    )


def _spec(tensor: Any) -> TensorSpec:
    dtype = model_config_pb2.DataType.Name(tensor.data_type).removeprefix("TYPE_")
    return TensorSpec(tensor.name, "BYTES" if dtype == "STRING" else dtype, tuple(tensor.dims))
