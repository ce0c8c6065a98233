"""Making one model's engine, from the cache or new, verified and timed; and putting it into its place."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from export.errors import EngineError, VerificationError
from export.families import engine_named
from export.tensorrt import store as files
from export.tensorrt import variants
from export.tensorrt.builder import build
from export.tensorrt.cuda import Cuda
from export.tensorrt.engine import Engine
from export.tensorrt.plan import Task, graph_for_tensorrt
from export.tensorrt.record import BuildOptions, Device, EngineRecord, record_checks
from export.tensorrt.repository import Repository
from export.tensorrt.samples import Arrays, Sample, samples_of
from export.tensorrt.simulation import session
from export.tensorrt.store import Found, Store
from export.tensorrt.verification import Run, compare
from export.verification import Check, table

ROUNDS = 9  # timed runs


@dataclass(frozen=True)
class Workshop:
    """What making engines takes."""

    trt: Any  # the module `tensorrt`
    cuda: Cuda
    device: Device
    options: BuildOptions
    repository: Repository
    store: Store
    say: Callable[[str], None] = print


class Graphs:
    """The repository's graphs on ONNX Runtime, each loaded once."""

    def __init__(self, repository: Repository):
        self._repository = repository
        self._loaded: dict[str, Run] = {}

    def made_by(self, model: str) -> Arrays:
        """What a model's graph makes of the inputs that its engine is verified with.

        Raises:
            EngineError: no family has such a model, or a file is missing.
        """
        arrays = engine_named(model).arrays(self._repository, self.made_by)
        return self(model, arrays)

    def __call__(self, model: str, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """Run one model's graph."""
        if model not in self._loaded:
            self._loaded[model] = session(self._repository.graph(model))
        return self._loaded[model](arrays)


def make(task: Task, workshop: Workshop, force: bool = False) -> str:
    """See that the repository has a model's engine; return what was done.

    Raises:
        EngineError: TensorRT does not take the graph, or the engine does not pay.
        VerificationError: the engine computes something else than the graph.
        InstallError: a folder cannot be written.
    """
    name, folder = task.model.name, workshop.repository.folder(task.model.name)
    key = task.key(workshop.device, workshop.options)
    if not force and files.installed(folder, key):
        return "up to date"
    found = None if force else workshop.store.find(name, key)
    done = "taken from the cache" if found else "built"
    if found is None:
        found = build_verified(task, key, workshop)
    files.install(found, folder)
    return done


def build_verified(task: Task, key: str, workshop: Workshop) -> Found:
    """Build an engine, compare it with ONNX Runtime, and keep it if it passes.

    Raises:
        EngineError: as `make`.
        VerificationError: as `make`.
    """
    name = task.model.name
    graph = graph_for_tensorrt(task.model, workshop.repository)
    timing = workshop.store.timing(workshop.device)
    started = time.monotonic()
    built = build(workshop.trt, name, graph, task.profiles, workshop.options, timing)
    workshop.say(f"{name}: {len(built.plan) / 1e6:.1f} MB, built in {time.monotonic() - started:.0f} s")
    engine = Engine(workshop.trt, workshop.cuda, name, built.plan, task.profiles)
    graphs = Graphs(workshop.repository)
    samples = samples_of(task.model, workshop.repository, graphs.made_by)
    checks = compare(task.model, samples, engine, partial(graphs, name))
    workshop.say(table(checks))
    require_equal(name, checks)
    engine_ms, runtime_ms = time_both(samples[0], engine, partial(graphs, name))
    workshop.say(f"{name}: {engine_ms:.2f} ms, ONNX Runtime on the CPU {runtime_ms:.2f} ms")
    require_paying(name, engine_ms, runtime_ms)
    record = EngineRecord(
        model=name,
        key=key,
        plan_sha256=sha256(built.plan).hexdigest(),
        graph_sha256=task.graph_sha256,
        device=workshop.device,
        precision=task.model.precision,
        profiles=[profile.as_dict() for profile in task.profiles],
        options=workshop.options,
        checks=record_checks(checks),
        engine_ms=engine_ms,
        onnxruntime_cpu_ms=runtime_ms,
        built_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        warnings=built.warnings,
    )
    return workshop.store.keep(built.plan, record)


def require_equal(name: str, checks: Sequence[Check]) -> None:
    """Raise unless every check passed.

    Raises:
        VerificationError: names those that did not.
    """
    failed = [check for check in checks if not check.passed]
    if failed:
        listing = "; ".join(
            f"{check.subject}: {check.measure} {check.error:.3g}, allowed {check.tolerance:.3g}"
            for check in failed
        )
        raise VerificationError(
            f"{name}: the engine differs from the graph: {listing}. It was not installed."
        )


def require_paying(name: str, engine_ms: float, runtime_ms: float) -> None:
    """Raise where the processor alone is as fast.

    Raises:
        EngineError: gives both times.
    """
    if engine_ms >= runtime_ms:
        raise EngineError(
            f"{name}: the engine does not pay: {engine_ms:.2f} ms for a batch that ONNX Runtime computes "
            f"on the CPU in {runtime_ms:.2f} ms."
        )


def time_both(sample: Sample, engine: Run, graph: Run) -> tuple[float, float]:
    """Median times for a batch in milliseconds, transfers included: of the engine and of the graph."""
    return median_ms(engine, sample), median_ms(graph, sample)


def median_ms(run: Run, sample: Sample) -> float:
    """Median over some rounds, after one that is not counted."""
    run(sample.inputs)
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        run(sample.inputs)
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def leave_to_runtime(name: str, repository: Repository, tasks: Sequence[Task], device: Device) -> str:
    """What serves a model for which no engine could be made; return it in words.

    Engines that an earlier call installed stay where they still serve. The others go: one of another graph
    would compute another checkpoint, one for other shapes would refuse requests, and one of another GPU or
    TensorRT would not load.

    Args:
        name: of the model.
        repository: it lies in.
        tasks: one for each served version that can be read.
        device: that engines are made for now.

    Raises:
        EngineError: ONNX Runtime has no configuration either.
    """
    without = without_engine(name, repository, tasks, device)
    if not without and not variants.fallen_back(repository.root / name):
        return "the engine before it still serves"
    for folder in without:
        files.remove(folder)
    variants.serve_with_runtime(repository.root / name)
    return "ONNX Runtime serves it"


def without_engine(name: str, repository: Repository, tasks: Sequence[Task], device: Device) -> list[Path]:
    """Folders of the served versions of a model that have no engine of their task for a device."""
    by_folder = {task.folder: task for task in tasks}
    folders = [repository.root / name / str(version) for version in repository.served_versions(name)]
    return [folder for folder in folders if not serves(folder, by_folder.get(folder), device)]


def serves(folder: Path, task: Task | None, device: Device) -> bool:
    """Whether a version's engine computes its present graph, in its present shapes, on a device."""
    found = files.installed(folder)
    if task is None or found is None:
        return False
    record = found.record
    return (
        record.graph_sha256 == task.graph_sha256
        and list(record.profiles) == [profile.as_dict() for profile in task.profiles]
        and replace(record.device, driver=device.driver) == device
    )
