"""What a model's engine must be: read from the repository before anything is built."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from export.errors import EngineError
from export.graph_file import LARGEST_BYTES
from export.tensorrt import graph_form, precision
from export.tensorrt.graph_form import tensorrt_form
from export.tensorrt.half_graph import half_graph
from export.tensorrt.models import EngineModel
from export.tensorrt.precision import Precision, decide, name_nodes
from export.tensorrt.profiles import Profiles, as_lists, check_profiles, profiles_of
from export.tensorrt.record import BuildOptions, Device
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.store import Store, installed
from tritone.repository.checksums import file_sha256

INSTALLED, CACHED, MISSING = "installed", "in the cache", "to be built"


@dataclass(frozen=True)
class EngineSpec:
    """One model's engine, as it must be for the repository's present files."""

    model: EngineModel
    repository: RepositoryVersion
    graph_sha256: str
    profiles: Profiles
    largest_bytes: int = LARGEST_BYTES  # of weights in float32; what the parser is given is one protobuf

    @classmethod
    def read(cls, model: EngineModel, repository: RepositoryVersion) -> EngineSpec:
        """Read a model's graph, configuration and sidecars.

        Raises:
            EngineError, ArtifactError: a file is missing, or two of them disagree about shapes.
        """
        path = repository.graph(model.name)
        if not path.is_file():
            raise EngineError(f"{path}: expected a graph, found none; run `make export`.")
        spec = cls(model, repository, file_sha256(path), profiles_of(model, repository))
        check_profiles(spec.profiles, spec.read_graph().graph, repository.config(model.name))
        return spec

    @property
    def folder(self) -> Path:
        """The version folder that the engine is installed into."""
        return self.repository.folder(self.model.name)

    def key(self, device: Device, options: BuildOptions) -> str:
        """A hash of everything that the engine depends on; another key means another engine.

        The driver is left out: TensorRT's plans do not depend on it.
        """
        parts = {
            "model": dataclasses.asdict(self.model),
            "graph": self.graph_sha256,
            "form": graph_form.VERSION,
            "precision": precision.VERSION,
            "profiles": as_lists(self.profiles),
            "device": dataclasses.asdict(replace(device, driver="")),
            "options": dataclasses.asdict(options),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def state(self, store: Store, key: str) -> str:
        """Where the engine of a key is."""
        if installed(self.folder, key):
            return INSTALLED
        return CACHED if store.find(self.model.name, key) else MISSING

    def served_by_installed(self, device: Device) -> bool:
        """Whether the installed engine is of this graph, for these shapes and this device."""
        engine = installed(self.folder)
        return engine is not None and (
            engine.record.graph_sha256 == self.graph_sha256
            and engine.record.profiles == as_lists(self.profiles)
            and replace(engine.record.device, driver=device.driver) == device
        )

    def read_graph(self) -> onnx.ModelProto:
        """The graph as ONNX Runtime serves it.

        Raises:
            EngineError: the file is not an ONNX model.
        """
        path = self.repository.graph(self.model.name)
        try:
            return onnx.load(str(path))
        except (OSError, DecodeError) as error:
            raise EngineError(f"{self.model.name}: expected an ONNX graph in {path}, got: {error}") from error

    def typed_graph(self) -> tuple[onnx.ModelProto, Precision]:
        """The graph that the builder gets, and which of its nodes are in half precision.

        Raises:
            EngineError: the graph cannot be rewritten for TensorRT.
        """
        model = self.read_graph()
        size = sum(_float32_bytes(tensor) for tensor in model.graph.initializer)
        if size > self.largest_bytes:
            raise EngineError(
                f"{self.model.name}: expected weights of at most {self.largest_bytes >> 20} MiB in float32, "
                f"got {size >> 20} MiB; no engine is built of more. ONNX Runtime serves the graph on the GPU."
            )
        try:
            graph = tensorrt_form(model)
        except (EngineError, onnx.checker.ValidationError) as error:
            raise EngineError(f"{self.model.name}: {error}") from error
        name_nodes(graph.graph)
        decided = decide(graph) if self.model.half else Precision()
        return half_graph(graph, decided), decided


def _float32_bytes(tensor: onnx.TensorProto) -> int:
    return len(tensor.raw_data) * (2 if tensor.data_type == onnx.TensorProto.FLOAT16 else 1)
