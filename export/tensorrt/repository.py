"""What configs and sidecars say, read from one version of one model repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from export.errors import EngineError
from export.tensorrt.variants import engine_config
from tritone.errors import ArtifactError
from tritone.model_parameters import VERSIONS_WITH, Parameters
from tritone.repository.configs import ModelFolder, read_config
from tritone.sidecar import read_sidecar


class Repository:
    """A model repository, one version of its models, in the variant that engines are built for."""

    def __init__(self, root: Path, version: int = 1):
        self.root = root
        self.version = version

    def served_versions(self, model: str) -> list[int]:
        """The versions that a model's configuration has Triton serve; this one where it does not say.

        Raises:
            EngineError: there is no configuration.
        """
        return sorted(self.config(model).version_policy.specific.versions) or [self.version]

    def folder(self, model: str) -> Path:
        """The version folder of a model."""
        return self.root / model / str(self.version)

    def graph(self, model: str) -> Path:
        """The graph that an engine is made of."""
        return self.folder(model) / "model.onnx"

    def config(self, model: str) -> Any:
        """A model's configuration: the variant's, else the main one.

        Raises:
            EngineError: there is none, or it is not valid.
        """
        main = self.root / model / "config.pbtxt"
        variant = engine_config(self.root / model)
        path = variant if variant.is_file() else main
        if not path.is_file():
            raise EngineError(f"{main}: expected a model's configuration, found none; give its repository.")
        try:
            return ModelFolder(self.root / model, path, read_config(path)).config
        except ArtifactError as error:
            raise EngineError(str(error)) from error

    def caller(self, model: str) -> str:
        """The model that calls a model, by its configuration.

        Raises:
            EngineError: there is none.
        """
        for path in sorted(self.root.glob("*/config.pbtxt")):
            name = path.parent.name
            if model in Parameters.of(self.config(name)).partners.values():
                return name
        raise EngineError(
            f"{model}: expected a model in {self.root} that names it in its configuration, found none; what "
            "calls it decides its shapes."
        )

    def partner(self, model: str, key: str) -> str:
        """The model that one parameter of a model's configuration names.

        Raises:
            EngineError: it is missing.
        """
        try:
            return Parameters.of(self.config(model)).name(key)
        except ArtifactError as error:
            raise EngineError(str(error)) from error

    def belonging(self, model: str, file: str) -> str:
        """The model whose versions go with those of a model, by its configuration, and that has a file.

        Raises:
            EngineError: there is none.
        """
        for path in sorted(self.root.glob("*/config.pbtxt")):
            name = path.parent.name
            named = Parameters.of(self.config(name)).text(VERSIONS_WITH)
            if named == model and (self.folder(name) / file).is_file():
                return name
        raise EngineError(
            f"{model}: expected {file} in a model whose {VERSIONS_WITH} names it, found none; `make export`."
        )

    def parameter(self, model: str, name: str) -> float:
        """A number among the parameters of a model's configuration.

        Raises:
            EngineError: it is missing or no positive number.
        """
        try:
            return Parameters.of(self.config(model)).number(name)
        except ArtifactError as error:
            raise EngineError(str(error)) from error

    def sidecar(self, model: str, file: str, *names: str) -> list[Any]:
        """Fields of a file that the exporter wrote beside a graph.

        Raises:
            EngineError: no such file or field.
        """
        try:
            return read_sidecar(self.folder(model) / file, *names)
        except ArtifactError as error:
            raise EngineError(str(error)) from error
