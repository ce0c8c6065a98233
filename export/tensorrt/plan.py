"""What is to be done for each model: read from the repository, before anything is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from export.errors import EngineError
from export.tensorrt.graph_form import tensorrt_form
from export.tensorrt.models import EngineModel
from export.tensorrt.precision import Precision, decide, name_nodes, typed
from export.tensorrt.profiles import Profile, check_instances, check_profiles, check_warm_up, profiles_of
from export.tensorrt.record import BuildOptions, Device, engine_key, sha256_of
from export.tensorrt.repository import Repository
from export.tensorrt.store import Store, installed

INSTALLED, CACHED, MISSING = "installed", "in the cache", "to be built"


@dataclass(frozen=True)
class Task:
    """One model's engine, as it must be now."""

    model: EngineModel
    folder: Path  # of the version
    graph_sha256: str
    profiles: Sequence[Profile]

    def key(self, device: Device, options: BuildOptions) -> str:
        """What the engine is known by on a device."""
        return engine_key(self.model, self.graph_sha256, self.profiles, device, options)

    def state(self, repository: Repository, store: Store, key: str) -> str:
        """Where the engine of a key is."""
        if installed(repository.folder(self.model.name), key):
            return INSTALLED
        return CACHED if store.find(self.model.name, key) else MISSING


def task_of(model: EngineModel, repository: Repository) -> Task:
    """Read a model's graph, configuration and sidecars.

    Raises:
        EngineError: a file is missing, or two of them disagree about shapes.
    """
    path = repository.graph(model.name)
    digest = sha256_of(path)
    profiles = profiles_of(model, repository)
    check_profiles(profiles, read_graph(path, model.name).graph, model.name)
    check_warm_up(profiles, repository.config(model.name))
    check_instances(profiles, repository.config(model.name))
    return Task(model, repository.folder(model.name), digest, profiles)


def read_graph(path: Path, name: str) -> onnx.ModelProto:
    """Read a graph's file.

    Raises:
        EngineError: it is no ONNX model.
    """
    try:
        return onnx.load(str(path))
    except (OSError, DecodeError) as error:
        raise EngineError(f"{name}: expected an ONNX graph in {path}, got an error: {error}") from error


def prepared(model: EngineModel, repository: Repository) -> tuple[onnx.ModelProto, Precision]:
    """A model's graph in the form for TensorRT, in float32, and which of its nodes are to be half.

    Raises:
        EngineError: TensorRT has no form of it.
    """
    try:
        graph = tensorrt_form(read_graph(repository.graph(model.name), model.name))
    except (EngineError, onnx.checker.ValidationError) as error:
        raise EngineError(f"{model.name}: {error}") from error
    name_nodes(graph.graph)
    return graph, decide(graph) if model.half else Precision()


def graph_for_tensorrt(model: EngineModel, repository: Repository) -> bytes:
    """The serialised graph that the builder gets.

    Raises:
        EngineError: TensorRT has no form of it.
    """
    return bytes(typed(*prepared(model, repository)).SerializeToString())
