"""Checks of all model repositories; each check yields its findings, one line each."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import onnx

from ..contract import PIPELINES, STREAMS, TensorSpec
from .configs import ModelFolder, connects, model_folders, read_repositories
from .input_limits import check_input_limits
from .partners import check_partners
from .queues import check_queues
from .streams import check_streams
from .variants import ENGINE_BACKEND, check_plans, check_variant
from .versions.findings import check_versions
from .weights import check_weights

_FIELD_ORDER = (
    "name",
    "backend",
    "platform",
    "version_policy",
    "max_batch_size",
    "model_transaction_policy",
    "input",
    "output",
    "dynamic_batching",
    "sequence_batching",
    "ensemble_scheduling",
    "optimization",
    "model_warmup",
    "default_model_filename",
    "instance_group",
    "parameters",
)


def check_repositories(repositories: Sequence[Path]) -> list[str]:
    """Return all findings, one line each."""
    folders = list(read_repositories(repositories))
    models = {folder.name: folder for folder in folders if folder.config_path.name == "config.pbtxt"}
    findings: list[str] = []
    for folder in folders:
        for finding in _check_folder(folder, models):
            findings.append(f"{os.path.relpath(folder.config_path)}: {finding}")
    names = Counter(path.name for repository in repositories for path in model_folders(repository))
    findings += [
        f"{name}: expected one model of this name, found {count}"
        for name, count in names.items()
        if count > 1
    ]
    findings += check_weights(folders)
    findings += check_partners(folders)
    findings += check_versions(repositories)
    findings += check_queues(folders)
    findings += check_input_limits(folders)
    findings += check_streams(folders)
    findings += [f"contract: {finding}" for finding in _check_contract(models)]
    return findings


def _check_folder(folder: ModelFolder, models: dict[str, ModelFolder]) -> Iterator[str]:
    config = folder.config
    if config.name != folder.name:
        yield f"name: expected '{folder.name}' like the folder, got '{config.name}'"
    yield from _check_text(folder.config_path)
    if folder.config_path.parent.name == "configs":
        yield from check_variant(folder, models[folder.name])
    if not folder.versions:
        yield "expected a version folder (1/), found none"
    if config.platform == "ensemble":
        yield from _check_ensemble(folder, models)
    elif config.backend == "onnxruntime":
        yield from _check_graphs(folder, config.default_model_filename or "model.onnx")
    elif config.backend == ENGINE_BACKEND:
        yield from _check_graphs(folder, "model.onnx")  # from which the engine is built
        yield from check_plans(folder)
    elif config.backend == "python":
        yield from _check_code(folder)


def _check_text(path: Path) -> Iterator[str]:
    """Fields in the fixed order, and a comment on every `dims`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    fields = [match[1] for line in lines if (match := re.match(r"(\w+)\s*[:{\[]", line))]
    positions = [_FIELD_ORDER.index(field) for field in fields if field in _FIELD_ORDER]
    for field in fields:
        if field not in _FIELD_ORDER:
            yield f"{field}: unknown field; add it to the order in checks.py"
    if positions != sorted(positions):
        yield f"fields: expected the order {', '.join(_FIELD_ORDER)}; got {', '.join(dict.fromkeys(fields))}"
    if "max_batch_size" not in fields:
        yield "max_batch_size: expected an explicit value, even if 0"
    for number, line in enumerate(lines, 1):
        if re.match(r"\s*dims\s*:", line) and "#" not in line:
            yield f"line {number}: expected a comment with axis and unit after dims"


def _check_graphs(folder: ModelFolder, filename: str) -> Iterator[str]:
    for version in folder.versions:
        path = version / filename
        if not path.is_file():
            yield f"{version.name}/{filename}: expected a graph, found none; run `make export`"
            continue
        graph = onnx.load(str(path), load_external_data=False).graph
        for side, declared, values in (
            ("input", folder.inputs, graph.input),
            ("output", folder.outputs, graph.output),
        ):
            found = {value.name: value for value in values}
            if declared.keys() != found.keys():
                yield f"{version.name}: {side}s are {sorted(declared)} here, {sorted(found)} in the graph"
            for name in declared.keys() & found.keys():
                yield from _check_graph_tensor(
                    f"{version.name}: {side} '{name}'", declared[name], found[name]
                )


def _check_graph_tensor(subject: str, declared: TensorSpec, value: onnx.ValueInfoProto) -> Iterator[str]:
    tensor = value.type.tensor_type
    dtype = {"FLOAT": "FP32", "FLOAT16": "FP16", "DOUBLE": "FP64"}.get(
        name := onnx.TensorProto.DataType.Name(tensor.elem_type), name
    )
    shape = tuple(dim.dim_value if dim.HasField("dim_value") else -1 for dim in tensor.shape.dim)
    if dtype != declared.dtype:
        yield f"{subject}: {declared.dtype} in the config, {dtype} in the graph"
    if shape != (-1, *declared.dims):
        yield f"{subject}: dims {[-1, *declared.dims]} in the config, {list(shape)} in the graph"


def _check_ensemble(folder: ModelFolder, models: dict[str, ModelFolder]) -> Iterator[str]:
    """Check that maps connect tensors of equal dtype and compatible dims, and every output is produced."""
    known: dict[str, TensorSpec] = dict(folder.inputs)
    for step in folder.config.ensemble_scheduling.step:
        model = models.get(step.model_name)
        if model is None:
            yield f"step {step.model_name}: no such model in the repositories"
            continue
        for name in model.inputs.keys() ^ step.input_map.keys():
            yield f"step {step.model_name}: input '{name}' is not mapped, or not an input of the model"
        for name, source in step.input_map.items():
            if source in folder.outputs:
                yield (
                    f"step {step.model_name}: input '{name}' takes '{source}', an output of the pipeline; "
                    "Triton fails requests that do not ask for it, so let the earlier step give it twice"
                )
            if source not in known:
                yield f"step {step.model_name}: input '{name}' takes '{source}', which no earlier step gives"
            elif name in model.inputs and not connects(known[source], model.inputs[name]):
                yield f"{step.model_name}: '{name}' is {model.inputs[name]}, '{source}' is {known[source]}"
        for name, target in step.output_map.items():
            if name not in model.outputs:
                yield f"step {step.model_name}: '{name}' is not an output of the model"
            elif target in known:
                yield f"step {step.model_name}: '{target}' is already given by an earlier step"
            else:
                known[target] = model.outputs[name]
    for name, declared in folder.outputs.items():
        if name not in known:
            yield f"output '{name}': no step gives it"
        elif not connects(known[name], declared):
            yield f"output '{name}': declared as {declared}, given as {known[name]}"


def _check_code(folder: ModelFolder) -> Iterator[str]:
    """Check that model.py creates and reads the declared tensors."""
    for version in folder.versions:
        path = version / "model.py"
        if not path.is_file():
            yield f"{version.name}/model.py: expected the model's code, found none"
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        yield from _check_artifacts(version, tree)
        created = set(_created_tensors(tree))
        for name in sorted(created - folder.outputs.keys()):
            yield f"{version.name}/model.py: creates '{name}', which no config declares"
        for name in folder.outputs.keys() - created:
            yield f"{version.name}/model.py: never creates the output '{name}'"
        strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        for name in folder.inputs.keys() - strings:
            yield f"{version.name}/model.py: never reads the input '{name}'"


def _created_tensors(tree: ast.AST) -> Iterator[str]:
    """Yield the literal first arguments of all calls to `pb_utils.Tensor`."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "Tensor"
            and node.args
            and isinstance(node.args[0], ast.Constant)
        ):
            yield str(node.args[0].value)


def _check_artifacts(version: Path, tree: ast.AST) -> Iterator[str]:
    """Check that the files that model.py loads (`folder / "name"`) are in its version folder."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Div)
            and isinstance(node.right, ast.Constant)
        ):
            name = node.right.value
            if isinstance(name, str) and not (version / name).is_file():
                yield f"{version.name}/{name}: expected the exporter's file, found none; run `make export`"


def _check_contract(models: dict[str, ModelFolder]) -> Iterator[str]:
    for pipeline in (*PIPELINES, *STREAMS):
        folder = models.get(pipeline.name)
        if folder is None:
            yield f"{pipeline.name}: no such model in the repositories"
            continue
        if folder.config.max_batch_size < 1:
            yield f"{pipeline.name}: expected max_batch_size > 0, got {folder.config.max_batch_size}"
        for side, promised, declared in (
            ("inputs", pipeline.inputs, folder.inputs),
            ("outputs", pipeline.outputs, folder.outputs),
        ):
            if {spec.name: spec for spec in promised} != declared:
                yield f"{pipeline.name}: {side} {list(declared.values())} differ from {list(promised)}"
