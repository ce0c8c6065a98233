"""Graphs of half the size: float32 weights that float16 represents exactly are stored as float16.

A checkpoint may hold float32 weights that were rounded to half precision when it was saved. The graph then
needs only half the bytes; a Cast restores the same float32 values, once, when the graph is loaded. Other
weights can be rounded so on request, which costs accuracy.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.graph_file import LARGEST_BYTES, save_graph

SMALLEST = 1024  # values; smaller tensors are not worth a Cast
NEGLIGIBLE = 1e-6  # relative; weight normalisation multiplies and divides by a norm in float32
SUFFIX = "/half"


def store_halves(path: Path, rounded: bool = False, largest: int = LARGEST_BYTES) -> None:
    """Rewrite a graph's file, with large float32 weights that are exact in float16 stored as such.

    Initializers inside a Loop's body are left as they are.

    Args:
        path: the graph's file.
        rounded: also store weights that lose digits, but none beyond the range of float16.
        largest: bytes of weights that the graph's file may hold.
    """
    model = onnx.load(str(path))
    graph = model.graph
    casts = []
    for tensor in graph.initializer:  # one at a time: large weights are in memory only once
        half = _half(tensor, rounded)
        if half is not None:
            name = tensor.name
            casts.append(
                helper.make_node("Cast", [name + SUFFIX], [name], name=name + "/cast", to=TensorProto.FLOAT)
            )
            tensor.CopyFrom(numpy_helper.from_array(half, name + SUFFIX))
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])
    save_graph(model, path, largest)


def _half(tensor: TensorProto, rounded: bool) -> np.ndarray | None:
    """The float16 values of a large float32 tensor that can be stored so, else None."""
    if tensor.data_type != TensorProto.FLOAT:
        return None
    values = numpy_helper.to_array(tensor)
    if values.size < SMALLEST or np.abs(values).max() > np.finfo(np.float16).max:
        return None
    half: np.ndarray = values.astype(np.float16)
    exact = np.abs(values - half.astype(np.float32)) <= NEGLIGIBLE * np.abs(values)
    return half if rounded or exact.all() else None
