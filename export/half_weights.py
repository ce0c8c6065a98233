"""Graphs of half the size: float32 weights that float16 represents exactly are stored as float16.

A checkpoint may hold float32 weights that were rounded to half precision when it was saved. The graph then
needs only half the bytes; a Cast restores the same float32 values, once, when the graph is loaded. Other
weights can be rounded so on request, which costs accuracy.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    found = {tensor.name: half for tensor, half in _halves(graph, rounded)}
    kept = [tensor for tensor in graph.initializer if tensor.name not in found]
    casts = [
        helper.make_node("Cast", [name + SUFFIX], [name], name=name + "/cast", to=TensorProto.FLOAT)
        for name in found
    ]
    nodes = list(graph.node)
    del graph.initializer[:]
    del graph.node[:]
    graph.initializer.extend(
        [*kept, *(numpy_helper.from_array(half, name + SUFFIX) for name, half in found.items())]
    )
    graph.node.extend([*casts, *nodes])
    save_graph(model, path, largest)


def _halves(graph: onnx.GraphProto, rounded: bool) -> Iterator[tuple[TensorProto, np.ndarray]]:
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        if values.size < SMALLEST or np.abs(values).max() > np.finfo(np.float16).max:
            continue
        half = values.astype(np.float16)
        if rounded or np.all(np.abs(values - half.astype(np.float32)) <= NEGLIGIBLE * np.abs(values)):
            yield tensor, half
