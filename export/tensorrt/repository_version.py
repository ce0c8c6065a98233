"""Configs and sidecars of one version of the models in a model repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import EngineError
from export.tensorrt.variants import engine_config
from tritone.contract import is_stream
from tritone.model_parameters import VERSIONS_WITH, Parameters
from tritone.repository.configs import ModelFolder, read_config
from tritone.sidecar import read_sidecar


@dataclass(frozen=True)
class RepositoryVersion:
    """A model repository, one version of its models, in the variant that engines are built for."""

    root: Path
    version: int = 1

    def served(self, model: str) -> list[RepositoryVersion]:
        """The versions that a model's configuration has Triton serve; this one where it does not say."""
        versions = sorted(self.config(model).version_policy.specific.versions) or [self.version]
        return [RepositoryVersion(self.root, version) for version in versions]

    def folder(self, model: str) -> Path:
        """The version folder of a model."""
        return self.root / model / str(self.version)

    def graph(self, model: str) -> Path:
        """The graph that an engine is built from."""
        return self.folder(model) / "model.onnx"

    def config(self, model: str) -> Any:
        """A model's configuration: the variant's, else the main one.

        Raises:
            EngineError: there is none.
            ArtifactError: it is not valid.
        """
        main = self.root / model / "config.pbtxt"
        variant = engine_config(self.root / model)
        path = variant if variant.is_file() else main
        if not path.is_file():
            raise EngineError(f"{main}: expected a model's configuration, found none; give its repository.")
        return ModelFolder(self.root / model, path, read_config(path)).config

    def parameters(self, model: str) -> Parameters:
        """The parameters of a model's configuration; reading one raises ArtifactError."""
        return Parameters.of(self.config(model))

    def sidecar(self, model: str, file: str, *names: str) -> list[Any]:
        """Fields of a file that the exporter wrote beside a graph; raises ArtifactError."""
        return read_sidecar(self.folder(model) / file, *names)

    def caller(self, model: str) -> str:
        """The model whose configuration names a model among those that it calls.

        Streams are left out: their inputs are no larger than those of whole recordings and texts.

        Raises:
            EngineError: there is none.
        """
        for name in self._names():
            if not is_stream(name) and model in self.parameters(name).partners.values():
                return name
        raise EngineError(
            f"{model}: expected a model in {self.root} that names it in its configuration, found none; its "
            "shapes depend on its caller."
        )

    def companion(self, model: str, file: str) -> str:
        """The model whose configuration ties its versions to those of a model, and that has a file.

        Raises:
            EngineError: there is none.
        """
        for name in self._names():
            tied_to = self.parameters(name).text(VERSIONS_WITH)
            if tied_to == model and (self.folder(name) / file).is_file():
                return name
        raise EngineError(
            f"{model}: expected {file} in a model whose {VERSIONS_WITH} names it, found none; `make export`."
        )

    def _names(self) -> list[str]:
        return [path.parent.name for path in sorted(self.root.glob("*/config.pbtxt"))]
