"""Check config variants (configs/<name>.pbtxt): they may change how a model is served, not its interface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .checksums import file_sha256
from .configs import ModelFolder
from .file_names import GRAPH, PLAN, PLAN_RECORD

# Fields that may differ, by the backend of the main config.
_GRAPH = ("backend", "default_model_filename", "dynamic_batching", "instance_group", "model_warmup")
_FREE: dict[str, tuple[str, ...]] = {
    "onnxruntime": (*_GRAPH, "max_batch_size", "optimization", "parameters"),
    "python": ("instance_group", "parameters"),
}
ENGINE_BACKEND = "tensorrt"


def check_variant(variant: ModelFolder, main: ModelFolder) -> Iterator[str]:
    """Yield the forbidden changes of a variant."""
    if (variant.inputs, variant.outputs) != (main.inputs, main.outputs):
        yield "inputs and outputs: expected those of config.pbtxt; a variant must not change the interface"
        return
    free = _FREE.get(main.config.backend, ())
    fields = {descriptor.name for descriptor, _ in (*variant.config.ListFields(), *main.config.ListFields())}
    for name in sorted(fields - {"input", "output", *free}):
        if getattr(variant.config, name) != getattr(main.config, name):
            allowed = ", ".join(free) or "nothing"
            yield f"{name}: expected the same as in config.pbtxt; a variant may change {allowed}"
    if variant.config.max_batch_size > main.config.max_batch_size:
        yield (
            f"max_batch_size: expected at most {main.config.max_batch_size} as in config.pbtxt, got "
            f"{variant.config.max_batch_size}"
        )
    names = variant.config.parameters.keys() ^ main.config.parameters.keys()
    if main.config.backend == "python" and names:
        yield f"parameters: expected those of config.pbtxt, got {', '.join(sorted(names))} in one of them"
    if variant.config.backend == ENGINE_BACKEND:
        yield from _check_engine(variant.config)


def _check_engine(config: Any) -> Iterator[str]:
    if config.default_model_filename != PLAN:
        yield f"default_model_filename: expected {PLAN!r}, got {config.default_model_filename!r}"
    kinds = {type(group).Kind.Name(group.kind) for group in config.instance_group}
    if kinds != {"KIND_GPU"}:
        yield f"instance_group: expected KIND_GPU for an engine, got {', '.join(sorted(kinds)) or 'none'}"


def check_plans(folder: ModelFolder) -> Iterator[str]:
    """Yield engines that were built from another graph than the one in their folder; they are optional."""
    for version in folder.versions:
        plan, graph = version / PLAN, version / GRAPH
        if plan.is_file() and graph.is_file() and _made_of(version / PLAN_RECORD) != file_sha256(graph):
            yield f"{version.name}/{PLAN}: expected an engine of model.onnx, got another; run `make engines`"


def _made_of(record: Path) -> str | None:
    try:
        found = json.loads(record.read_text(encoding="utf-8")).get("graph_sha256")
    except (OSError, ValueError, AttributeError):
        return None
    return found if isinstance(found, str) else None
