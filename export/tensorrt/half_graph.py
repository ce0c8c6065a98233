"""Graphs whose types say which nodes compute in half precision, as strongly typed networks need them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from export.tensorrt.precision import Precision, bodies

HALF = "/half16"  # ends the name of every float16 tensor, and of no other


def half_graph(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """A copy of a float32 graph in which half nodes read and return float16, with casts where types change.

    Inputs and outputs keep their types.
    """
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in made.graph.initializer}
    cast_nodes(made.graph, precision, weights)
    used = set(inputs_of(made.graph.node))
    del made.graph.initializer[:]
    made.graph.initializer.extend(tensor for name, tensor in weights.items() if name in used)
    onnx.checker.check_model(made)
    return made


def cast_nodes(
    graph: onnx.GraphProto, precision: Precision, weights: dict[str, TensorProto], scope: str = ""
) -> None:
    """Rewrite one graph and the bodies of its loops in place; weights in float16 are added to `weights`."""
    nodes: list[NodeProto] = []
    halves: dict[str, str] = {}  # float32 tensor to the same in float16
    for node in graph.node:
        for body in bodies(node):
            cast_nodes(body, precision, weights, scope=f"/{node.name}")
        nodes.append(node)
        if node.name not in precision.half:
            continue
        nodes.pop()
        for index, name in enumerate(node.input):
            if name not in precision.floats:
                continue
            if name not in halves and name in weights:
                halves[name] = name + HALF
                values = numpy_helper.to_array(weights[name]).astype(np.float16)
                weights[halves[name]] = numpy_helper.from_array(values, halves[name])
            elif name not in halves:
                halves[name] = name + scope + HALF
                nodes.append(cast(name, halves[name], TensorProto.FLOAT16))
            node.input[index] = halves[name]
        nodes.append(node)
        for index, name in enumerate(node.output):
            node.output[index] = halves[name] = name + HALF
            nodes.append(cast(halves[name], name, TensorProto.FLOAT))
    needed = {*inputs_of(nodes), *(value.name for value in graph.output)}
    kept = [node for node in nodes if node.op_type != "Cast" or node.output[0] in needed]
    replace_nodes(graph, kept)
    del graph.value_info[:]  # types may have changed


def cast(source: str, target: str, to: int) -> NodeProto:
    """A node that converts a tensor."""
    return helper.make_node("Cast", [source], [target], name=f"cast/{source}/{target}", to=to)


def replace_nodes(graph: onnx.GraphProto, nodes: Iterable[NodeProto]) -> None:
    """Replace the nodes of a graph; the new ones may include old ones."""
    other = onnx.GraphProto()
    other.node.extend(nodes)
    del graph.node[:]
    graph.node.extend(other.node)


def inputs_of(nodes: Iterable[NodeProto]) -> Iterator[str]:
    """Names of the tensors that nodes read, those in subgraphs included."""
    for node in nodes:
        yield from node.input
        for body in bodies(node):
            yield from inputs_of(body.node)
            yield from (value.name for value in body.output)
