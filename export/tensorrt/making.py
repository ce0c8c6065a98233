"""From a model's graph to its installed engine: built or cached, verified, timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from typing import Any

from export.errors import EngineError, ExportError
from export.tensorrt import builder, store, variants
from export.tensorrt.models import EngineModel
from export.tensorrt.profiles import as_lists
from export.tensorrt.record import BuildOptions, Device, EngineRecord
from export.tensorrt.repository_version import RepositoryVersion
from export.tensorrt.spec import EngineSpec
from export.tensorrt.store import Store, StoredEngine
from export.tensorrt.verification import verify
from export.verification import require, table
from tritone.errors import ArtifactError


@dataclass(frozen=True)
class BuildContext:
    """What building engines needs."""

    trt: Any  # the module `tensorrt`
    device: Device
    options: BuildOptions
    store: Store
    report: Callable[[str], None] = print


def make(spec: EngineSpec, context: BuildContext, force: bool = False) -> str:
    """Make sure that the repository has a model's engine; return what was done.

    Raises:
        EngineError: TensorRT does not accept the graph, or the engine is no faster than the CPU.
        VerificationError: the engine's outputs differ from the graph's.
        InstallError: a folder cannot be written.
    """
    key = spec.key(context.device, context.options)
    if not force and store.installed(spec.folder, key):
        return "up to date"
    cached = None if force else context.store.find(spec.model.name, key)
    store.install(cached or build_verified(spec, key, context), spec.folder)
    return "taken from the cache" if cached else "built"


def build_verified(spec: EngineSpec, key: str, context: BuildContext) -> StoredEngine:
    """Build an engine, compare it with ONNX Runtime, and keep it in the cache if it passes.

    Raises:
        EngineError: as `make`.
        VerificationError: as `make`.
    """
    name, timing = spec.model.name, context.store.timing(context.device)
    graph = spec.typed_graph()[0].SerializeToString()
    started = time.monotonic()
    plan = builder.build_plan(context.trt, name, graph, spec.profiles, context.options, timing)
    context.report(f"{name}: {len(plan.content) / 1e6:.1f} MB, built in {time.monotonic() - started:.0f} s")
    with builder.explained_failures(name):
        found = verify(spec.model, spec.repository, partial(builder.engine_runner, plan.content))
    context.report(table(found.checks))
    require(found.checks, f"{name}: the engine differs from the graph", "It was not installed.")
    context.report(f"{name}: {found.engine_ms:.2f} ms, ONNX Runtime on the CPU {found.runtime_ms:.2f} ms")
    if found.engine_ms >= found.runtime_ms:
        raise EngineError(
            f"{name}: the engine is no faster than the CPU: {found.engine_ms:.2f} ms for a batch that ONNX "
            f"Runtime computes in {found.runtime_ms:.2f} ms. It was not installed."
        )
    record = EngineRecord(
        model=name,
        key=key,
        plan_sha256=sha256(plan.content).hexdigest(),
        graph_sha256=spec.graph_sha256,
        device=context.device,
        precision=spec.model.precision,
        profiles=as_lists(spec.profiles),
        options=context.options,
        checks=[asdict(check) for check in found.checks],
        engine_ms=found.engine_ms,
        onnxruntime_cpu_ms=found.runtime_ms,
        built_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        warnings=plan.warnings,
    )
    return context.store.keep(plan.content, record)


def select_backend(model: EngineModel, repository: RepositoryVersion, device: Device) -> str:
    """Serve a model by its engines if all served versions have one, else by ONNX Runtime.

    Engines that are no longer usable are removed: one of another graph would compute another checkpoint, one
    for other shapes would refuse requests, one of another GPU or TensorRT would not load.

    Returns:
        What serves the model, in words.

    Raises:
        EngineError: ONNX Runtime has no configuration either.
    """
    without = [version for version in repository.served(model.name) if not has_engine(model, version, device)]
    folder = repository.root / model.name
    if not without:
        variants.serve_with_engine(folder)
        return "served by its engine"
    for version in without:
        store.remove(version.folder(model.name))
    variants.serve_with_runtime(folder)
    return f"served by ONNX Runtime, no engine of version {', '.join(str(at.version) for at in without)}"


def has_engine(model: EngineModel, repository: RepositoryVersion, device: Device) -> bool:
    """Whether a version has an engine of its present graph and shapes for a device."""
    try:
        return EngineSpec.read(model, repository).served_by_installed(device)
    except (ExportError, ArtifactError):  # reported where its engine was to be made
        return False
