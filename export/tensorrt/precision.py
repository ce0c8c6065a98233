"""Which nodes of a graph compute in half precision.

The engines are strongly typed: TensorRT computes every layer in the type that the graph gives it, so what is
decided here is what runs, on every GPU and version, and its cost can be measured on a CPU (`simulation`). The
rules:

1. Products of activations with weights or each other (Conv, Gemm, MatMul) are half: they are nearly all of
   the work, and what tensor cores are for.
2. Cheap nodes (pointwise, and those that only move data) are half if all their inputs are: casts would cost
   more than the node. Inputs that are exact in half, such as masks made of booleans, do not matter.
3. The last product on the way to each output stays in float32, with everything after it: its rounding would
   be the output's.
4. Everything else stays in float32: softmax, logarithm, exponential, roots, sums over an axis,
   normalisation, recurrent layers; lengths and indices are integers anyway.
5. Inside a Loop only products with weights are half. Carried values would carry their rounding from step to
   step; the products' own rounding enters once.
6. A product with a constant outside the range of float16 stays in float32, and no node becomes half because
   of such a constant.
7. Whole graphs can be kept in float32 (`EngineModel.half`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference

PRODUCTS = frozenset({"Conv", "Gemm", "MatMul"})
POINTWISE = frozenset({"Add", "Sub", "Mul", "Div", "Neg", "Relu", "Tanh", "Sigmoid", "Erf", "Where"})
MOVES = frozenset({"Concat", "Expand", "Flatten", "Identity", "Pad", "Reshape", "Slice", "Split"}) | {
    *("Squeeze", "Tile", "Transpose", "Unsqueeze")
}
COMPARISONS = frozenset({"Less", "And", "Not", "Greater", "Equal"})
LARGEST = float(np.finfo(np.float16).max)
VERSION = 1  # of these rules; another number rebuilds every engine


@dataclass
class Precision:
    """The decisions for a graph."""

    half: set[str] = field(default_factory=set)  #: names of nodes
    free: set[str] = field(default_factory=set)  #: weights and masks: exact enough in either type
    floats: set[str] = field(default_factory=set)  #: tensors that are float32 in the graph as it was


def name_nodes(graph: onnx.GraphProto, prefix: str = "node") -> None:
    """Give every node a unique name, those in subgraphs included."""
    taken: set[str] = set()
    for index, node in enumerate(graph.node):
        if not node.name or node.name in taken:
            node.name = f"{prefix}/{index}"
        taken.add(node.name)
        for body in bodies(node):
            name_nodes(body, f"{node.name}/{prefix}")


def decide(model: onnx.ModelProto) -> Precision:
    """Apply the rules to a graph in the form for TensorRT whose nodes have names."""
    inferred = shape_inference.infer_shapes(model).graph
    weights = {
        tensor.name: tensor for tensor in model.graph.initializer if tensor.data_type == TensorProto.FLOAT
    }
    found = Precision(
        floats=float_tensors(inferred) | weights.keys(),
        free={name for name, tensor in weights.items() if in_range(tensor)},
    )
    decide_graph(inferred, found, last_products(inferred), in_loop=False)
    return found


def decide_graph(graph: onnx.GraphProto, found: Precision, last: set[str], in_loop: bool) -> None:
    """Apply the rules to the nodes of a topologically sorted graph."""
    constants = {tensor.name for tensor in graph.initializer} | found.free
    halves: set[str] = set()  # tensors that half nodes return
    booleans = {node.output[0] for node in graph.node if node.op_type in COMPARISONS}
    for node in graph.node:
        for body in bodies(node):
            found.floats |= float_tensors(body)
            decide_graph(body, found, set(), in_loop=True)
        read = [name for name in node.input if name in found.floats]
        becomes_half = False
        if node.op_type == "Constant" and node.output[0] in found.floats:
            if in_range(helper.get_node_attr_value(node, "value")):
                found.free.add(node.output[0])
        elif node.op_type == "Cast" and node.input[0] in booleans and node.output[0] in found.floats:
            found.free.add(node.output[0])
        elif node.op_type in MOVES and read and found.free.issuperset(read):
            found.free.update(node.output)
        elif node.op_type in MOVES and node.input[:1] and node.input[0] in booleans:
            booleans.update(node.output)
        elif node.op_type in PRODUCTS:
            weighted = len(read) > 1 and read[1] in constants
            usable = all(name in found.free for name in read if name in constants)
            becomes_half = usable and (weighted or not in_loop)
        elif not in_loop and node.op_type in POINTWISE | MOVES:
            activations = set(read) - found.free
            becomes_half = bool(activations) and halves.issuperset(activations)
        if becomes_half and node.name not in last:
            found.half.add(node.name)
            halves.update(node.output)


def last_products(graph: onnx.GraphProto) -> set[str]:
    """Names of the products that reach an output through no other product, and of the nodes after them."""
    makers = {name: node for node in graph.node for name in node.output}
    pending = [value.name for value in graph.output]
    found: set[str] = set()
    while pending:
        node = makers.get(pending.pop())
        if node is None or node.name in found:
            continue
        found.add(node.name)
        if node.op_type not in PRODUCTS:
            pending.extend(node.input)
    return found


def in_range(tensor: TensorProto) -> bool:
    """Whether float16 can hold all values; infinities it can."""
    values = numpy_helper.to_array(tensor)
    return bool((np.abs(values[np.isfinite(values)]) <= LARGEST).all())


def float_tensors(graph: onnx.GraphProto) -> set[str]:
    """Names of the tensors that a graph declares as float32, or that shape inference found to be."""
    return {
        value.name
        for value in (*graph.input, *graph.output, *graph.value_info)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }


def bodies(node: NodeProto) -> Iterator[onnx.GraphProto]:
    """The subgraphs of a node."""
    return (attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH)
