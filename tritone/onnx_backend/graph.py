"""Check at load that a graph matches its config."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import onnxruntime as ort

from ..errors import ArtifactError

ORT_TYPES = {
    "TYPE_BOOL": "tensor(bool)",
    "TYPE_UINT8": "tensor(uint8)",
    "TYPE_UINT16": "tensor(uint16)",
    "TYPE_UINT32": "tensor(uint32)",
    "TYPE_UINT64": "tensor(uint64)",
    "TYPE_INT8": "tensor(int8)",
    "TYPE_INT16": "tensor(int16)",
    "TYPE_INT32": "tensor(int32)",
    "TYPE_INT64": "tensor(int64)",
    "TYPE_FP16": "tensor(float16)",
    "TYPE_FP32": "tensor(float)",
    "TYPE_FP64": "tensor(double)",
}


def check_graph(session: ort.InferenceSession, config: Mapping[str, Any]) -> None:
    """Compare a graph's interface with a model's config by the native backend's rules.

    Every input must be declared; outputs may be omitted. A dimension that is fixed in the graph must have the
    same value in the config. A variable dimension may be fixed for an input, but not for an output.

    Raises:
        ArtifactError: they differ; the message names the model, the tensor and both values.
    """
    batched = int(config.get("max_batch_size", 0)) > 0
    graph_inputs = {node.name: node for node in session.get_inputs()}
    declared = {tensor["name"] for tensor in config["input"]}
    for name in graph_inputs.keys() - declared:
        raise ArtifactError(
            f"model '{config['name']}', input '{name}': the graph needs it but config.pbtxt does not declare "
            f"it; declare it (graph inputs: {_names(graph_inputs)})."
        )
    _check_tensors(config, "input", graph_inputs, batched)
    _check_tensors(config, "output", {node.name: node for node in session.get_outputs()}, batched)


def _check_tensors(config: Mapping[str, Any], side: str, graph: Mapping[str, Any], batched: bool) -> None:
    for tensor in config[side]:
        subject = f"model '{config['name']}', {side} '{tensor['name']}'"
        node = graph.get(tensor["name"])
        if node is None:
            raise ArtifactError(
                f"{subject}: config.pbtxt declares it but the graph has no such {side}; "
                f"rename or remove it (graph {side}s: {_names(graph)})."
            )
        expected = ORT_TYPES.get(tensor["data_type"])
        if expected is None:
            raise ArtifactError(
                f"{subject}: data type {tensor['data_type']} is not supported by this backend."
            )
        if node.type != expected:
            raise ArtifactError(
                f"{subject}: config.pbtxt says {tensor['data_type']} but the graph has {node.type}; "
                "correct one of them."
            )
        dims = [int(dim) for dim in tensor["dims"]]
        full = [-1, *dims] if batched else dims
        shape = [dim if isinstance(dim, int) else -1 for dim in node.shape]
        if batched and (not shape or shape[0] != -1):
            raise ArtifactError(
                f"{subject}: max_batch_size > 0 needs a variable first dimension, the graph has {shape}; "
                "export with a dynamic batch or set max_batch_size: 0."
            )
        fits = len(shape) == len(full) and all(
            found == dim or (found == -1 and side == "input") for found, dim in zip(shape, full, strict=True)
        )
        if not fits:
            raise ArtifactError(
                f"{subject}: config.pbtxt says {full}{' (batch first)' if batched else ''} "
                f"but the graph has {shape}; correct the dims."
            )


def _names(nodes: Iterable[str]) -> str:
    return ", ".join(sorted(nodes))
