"""What is known about an engine: a JSON file beside the plan."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from export.whole_file import write_whole


@dataclass(frozen=True)
class Device:
    """The GPU and the TensorRT that an engine runs on; it runs on no others."""

    gpu: str  # as the driver names it
    compute_capability: str  # "9.0"
    tensorrt: str  # version, "10.16.1.11"
    driver: str = "unknown"  # recorded; another one is no reason to rebuild

    def __str__(self) -> str:
        """The device as messages name it."""
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
    key: str  # see `EngineSpec.key`
    plan_sha256: str
    graph_sha256: str
    device: Device
    precision: str
    profiles: Mapping[str, Any]
    options: BuildOptions
    checks: Sequence[Mapping[str, Any]] = ()  # against ONNX Runtime
    engine_ms: float = 0.0  # median for the verification's largest sample
    onnxruntime_cpu_ms: float = 0.0  # the same on the CPU beside the GPU
    built_at: str = ""  # ISO 8601, UTC
    warnings: Sequence[str] = ()  # of parser and builder

    def write(self, path: Path) -> None:
        """Write the record atomically."""
        write_whole(path, (json.dumps(dataclasses.asdict(self), indent=2) + "\n").encode())

    @classmethod
    def read(cls, path: Path) -> EngineRecord | None:
        """Read a record; None where there is none, or where its format is another."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            device, options = Device(**content.pop("device")), BuildOptions(**content.pop("options"))
            return cls(device=device, options=options, **content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None
