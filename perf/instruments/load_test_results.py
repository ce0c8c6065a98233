"""Results of a load test: `run.json`, written by `perf.load`, read by `perf.compare`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from perf.instruments.errors import ResultsError

SCHEMA = 1  # of run.json; any other is refused
FILE_NAME = "run.json"
CONCURRENCY, RATE = "concurrency", "rate"  # modes of a point
MEASURED, UNSTABLE, FAILED = "measured", "unstable", "failed"  # statuses of a point


@dataclass(frozen=True)
class Latency:
    """Latencies in ms, as perf_analyzer measured them over its last windows."""

    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float


@dataclass(frozen=True)
class ModelWork:
    """What Triton counted for one model during a point."""

    model: str
    requests: int  # answered
    executions: int  # fewer than requests if the batcher merged some
    queue_s: float  # sum over requests
    compute_s: float  # sum over requests: input, inference, output
    failures: int = 0  # requests that Triton refused or that failed
    total_s: float = 0.0  # sum over requests, from arrival to answer; for an ensemble, over all its steps

    @property
    def queue_ms(self) -> float:
        """Mean time of a request in the model's queue."""
        return self.queue_s * 1000 / self.requests if self.requests else 0.0

    @property
    def compute_ms(self) -> float:
        """Mean compute time of a request; one in a merged batch counts the time of the whole batch."""
        return self.compute_s * 1000 / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class GpuLoad:
    """One GPU during a point, from Triton's nv_gpu_* metrics."""

    uuid: str
    utilization: float | None  # mean, 0 to 1
    memory_used_bytes: float | None  # highest
    power_w: float | None  # mean


@dataclass(frozen=True)
class ServerLoad:
    """Load of the server's machine during a point; None if unknown."""

    cpu_utilization: float | None = None  # mean of nv_cpu_utilization, 0 to 1, all cores, all processes
    memory_used_bytes: float | None = None  # highest nv_cpu_memory_used_bytes, all processes
    server_cores: float | None = None  # mean cores used by the server's processes, if it ran here
    server_pss_bytes: float | None = None  # highest proportional set size of them, if it ran here
    gpus: tuple[GpuLoad, ...] = ()


@dataclass(frozen=True)
class Point:
    """One load on one model over one protocol."""

    model: str
    protocol: str  # grpc or http
    mode: str  # CONCURRENCY or RATE
    load: str  # as planned: "4" (concurrency), "20" (requests/s), "50%" (of the best throughput)
    value: float  # concurrent requests, or requests per second
    status: str  # MEASURED; UNSTABLE: windows differed by more than allowed; FAILED: no figures
    reason: str = ""  # why it is not MEASURED, or fell behind its rate
    throughput: float | None = None  # answered requests per second
    audio_s_per_s: float | None = None  # audio in or out per second; None: no audio
    latency: Latency | None = None
    requests: int = 0  # answered, including windows before the stable ones
    failures: int = 0  # requests that Triton refused or that failed
    models: tuple[ModelWork, ...] = ()  # the model itself and all those that it called
    server: ServerLoad = field(default_factory=ServerLoad)
    duration_s: float = 0.0  # of perf_analyzer's run
    files: tuple[str, ...] = ()  # raw CSV and output of perf_analyzer, relative to the run's folder
    command: str = ""  # of perf_analyzer

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What identifies the same point in another run."""
        return self.model, self.protocol, self.mode, self.load


@dataclass(frozen=True)
class ModelInputs:
    """The requests that one model was sent in turn."""

    model: str
    count: int  # different requests
    audio_s: float | None  # mean seconds of audio in or out; None: no audio
    origin: str  # where they come from
    shortest: str = ""  # with the unit of the input
    longest: str = ""


@dataclass(frozen=True)
class LoadTestRun:
    """One load test."""

    started_utc: str  # ISO 8601
    duration_s: float
    command: str  # that started it
    git_commit: str  # ends in "-dirty" if the tree had changes; "unknown" outside git
    config_variant: str  # --model-config-name; "default" without
    own_server: bool  # started by the test on the same machine; else already running
    server_url: str  # gRPC, host:port
    machine: Mapping[str, str]  # where perf_analyzer ran
    versions: Mapping[str, str]  # of the server and of packages
    quiet: bool  # whether little else ran on the machine
    quietness: str  # figures for that
    settings: Mapping[str, Any]  # measurement window, stability and so on
    inputs: tuple[ModelInputs, ...]
    points: tuple[Point, ...]
    sections: Mapping[str, Any] = field(default_factory=dict)  # further measurements, by name
    skipped: Mapping[str, str] = field(default_factory=dict)  # what was not measured, with the reason
    schema: int = SCHEMA

    def write(self, folder: Path) -> Path:
        """Write run.json into a folder."""
        path = folder / FILE_NAME
        path.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return path

    @classmethod
    def read(cls, folder: Path) -> LoadTestRun:
        """Read run.json from a folder, or from the file itself.

        Raises:
            ResultsError: there is none, or it is of another schema.
        """
        path = folder / FILE_NAME if folder.is_dir() else folder
        if not path.is_file():
            raise ResultsError(f"{folder}: expected a load test's {FILE_NAME}, found none; run `make perf`.")
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ResultsError(f"{path}: expected JSON, got {error}; measure again.") from error
        found = content.get("schema") if isinstance(content, dict) else None
        if found != SCHEMA:
            raise ResultsError(f"{path}: expected schema {SCHEMA}, got {found}; measure again.")
        try:
            content["points"] = tuple(_point(point) for point in content["points"])
            content["inputs"] = tuple(ModelInputs(**inputs) for inputs in content["inputs"])
            return cls(**content)
        except (KeyError, TypeError) as error:
            raise ResultsError(
                f"{path}: expected a load test's fields, got {error}; measure again."
            ) from error


def _point(content: dict[str, Any]) -> Point:
    latency, server = content["latency"], dict(content["server"])
    server["gpus"] = tuple(GpuLoad(**gpu) for gpu in server["gpus"])
    content |= {
        "latency": Latency(**latency) if latency else None,
        "models": tuple(ModelWork(**work) for work in content["models"]),
        "server": ServerLoad(**server),
        "files": tuple(content["files"]),
    }
    return Point(**content)
