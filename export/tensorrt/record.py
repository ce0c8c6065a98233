"""What is known of an engine: written beside the plan, and what decides whether it has to be made again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.errors import EngineError
from export.tensorrt import graph_form, precision
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import Profile
from export.verification import Check
from export.whole_file import write_whole


@dataclass(frozen=True)
class Device:
    """What an engine runs on: it runs on nothing else."""

    gpu: str  # as the driver names it
    compute_capability: str  # "9.0"
    tensorrt: str  # version, "10.16.1.11"
    driver: str = "unknown"  # recorded, but no reason to build again

    def __str__(self) -> str:
        """As messages have it."""
        return f"{self.gpu} (compute capability {self.compute_capability}), TensorRT {self.tensorrt}"


@dataclass(frozen=True)
class BuildOptions:
    """How TensorRT searches."""

    workspace_mib: int = 4096  # memory that a layer may take while running
    optimization_level: int = 3  # 0 to 5: how long it looks for faster kernels


@dataclass(frozen=True)
class EngineRecord:
    """One engine."""

    model: str
    key: str  # see `engine_key`
    plan_sha256: str
    graph_sha256: str
    device: Device
    precision: str
    profiles: Sequence[Mapping[str, Any]]
    options: BuildOptions
    checks: Sequence[Mapping[str, Any]] = ()  # against ONNX Runtime
    engine_ms: float = 0.0  # median for the verification's batch
    onnxruntime_cpu_ms: float = 0.0  # the same on the processor beside the GPU
    built_at: str = ""  # ISO 8601, UTC
    warnings: Sequence[str] = ()  # of the builder

    def write(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        write_whole(path, (json.dumps(dataclasses.asdict(self), indent=2) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> EngineRecord | None:
        """A record; None where there is none, or of another make."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            device, options = Device(**content.pop("device")), BuildOptions(**content.pop("options"))
            return cls(device=device, options=options, **content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None


def engine_key(
    model: EngineModel,
    graph_sha256: str,
    profiles: Sequence[Profile],
    device: Device,
    options: BuildOptions,
) -> str:
    """A name for everything that an engine depends on; another name means another engine.

    The driver is left out: TensorRT's plans outlive it.
    """
    parts = {
        "model": dataclasses.asdict(model),
        "graph": graph_sha256,
        "form": graph_form.VERSION,
        "precision": precision.VERSION,
        "profiles": [profile.as_dict() for profile in profiles],
        "gpu": [device.gpu, device.compute_capability],
        "tensorrt": device.tensorrt,
        "options": dataclasses.asdict(options),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def record_checks(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Checks as records have them."""
    return [dataclasses.asdict(check) for check in checks]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file.

    Raises:
        EngineError: there is none.
    """
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError as error:
        raise EngineError(f"{path}: expected a graph, found none; run `make export`.") from error
    return digest.hexdigest()
