"""Which nodes of a graph compute in half precision, and graphs that say so in their types.

The engines are strongly typed: TensorRT computes every layer in the type that the graph gives it, so what is
decided here is what runs, on every GPU and version, and it can be tried on a CPU (`rounded`). The rules:

1. Products of activations with weights or each other (Conv, Gemm, MatMul) are half: they are nearly all of
   the work, and what tensor cores are for.
2. Cheap nodes (pointwise, and those that only move data) are half where all they read is: casts would
   cost more than the node. What is exact in half, such as masks made of truth values, is taken as it comes.
3. The last product on the way to each output stays in float32, with all behind it: its rounding would be the
   output's.
4. All else stays in float32: softmax, logarithm, exponential, roots, sums over an axis, normalisation,
   recurrent layers; lengths and indices are whole numbers anyway.
5. Inside a Loop only products with weights are half. What goes round would carry its rounding from step to
   step; the products' own rounding enters once.
6. A number beyond the range of halves keeps its product in float32, and no node follows because of it.
7. Whole graphs can be kept in float32 (see `models`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper, shape_inference

PRODUCTS = frozenset({"Conv", "Gemm", "MatMul"})
POINTWISE = frozenset({"Add", "Sub", "Mul", "Div", "Neg", "Relu", "Tanh", "Sigmoid", "Erf", "Where"})
MOVES = frozenset(
    {
        "Concat",
        "Expand",
        "Flatten",
        "Identity",
        "Pad",
        "Reshape",
        "Slice",
        "Split",
        "Squeeze",
        "Tile",
        "Transpose",
    }
) | {"Unsqueeze"}
HALF = "/half16"  # behind the name of a tensor that is float32 by itself
LARGEST = float(np.finfo(np.float16).max)
VERSION = 1  # of these rules; another number rebuilds every engine


@dataclass
class Precision:
    """What was decided for a graph."""

    half: set[str] = field(default_factory=set)  #: names of nodes
    free: set[str] = field(default_factory=set)  #: weights and masks: what can be had in either type
    floats: set[str] = field(default_factory=set)  #: tensors that are float32 in the graph as it was


def name_nodes(graph: onnx.GraphProto, prefix: str = "node") -> None:
    """Give every node a name of its own, also inside subgraphs."""
    taken: set[str] = set()
    for index, node in enumerate(graph.node):
        if not node.name or node.name in taken:
            node.name = f"{prefix}/{index}"
        taken.add(node.name)
        for body in bodies(node):
            name_nodes(body, f"{node.name}/{prefix}")


def decide(model: onnx.ModelProto) -> Precision:
    """Apply the rules to a graph in the form for TensorRT whose nodes have names."""
    found = Precision()
    inferred = shape_inference.infer_shapes(model).graph
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    found.floats = float_tensors(inferred) | {
        name for name, tensor in weights.items() if tensor.data_type == TensorProto.FLOAT
    }
    found.free = {name for name, tensor in weights.items() if name in found.floats and in_range(tensor)}
    last = last_products(inferred)
    decide_graph(inferred, found, last, in_loop=False)
    return found


def decide_graph(graph: onnx.GraphProto, found: Precision, last: set[str], in_loop: bool) -> None:
    """Apply the rules to the nodes of a graph in order, which its inputs precede."""
    constants = {tensor.name for tensor in graph.initializer} | found.free
    halves: set[str] = set()  # tensors that half nodes give
    booleans = {
        node.output[0] for node in graph.node if node.op_type in ("Less", "And", "Not", "Greater", "Equal")
    }
    for node in graph.node:
        for body in bodies(node):
            found.floats |= float_tensors(body)
            decide_graph(body, found, set(), in_loop=True)
        read = [name for name in node.input if name in found.floats]
        if node.op_type == "Constant" and node.output[0] in found.floats:
            if in_range(helper.get_node_attr_value(node, "value")):
                found.free.add(node.output[0])
        elif node.op_type == "Cast" and node.input[0] in booleans and node.output[0] in found.floats:
            found.free.add(node.output[0])
        elif node.op_type in MOVES and read and all(name in found.free for name in read):
            found.free.update(node.output)
        elif node.op_type in MOVES and node.input[:1] and node.input[0] in booleans:
            booleans.update(node.output)
        elif node.op_type in PRODUCTS:
            weighted = len(read) > 1 and read[1] in constants
            usable = all(name in found.free for name in read if name in constants)
            if usable and node.name not in last and (weighted or not in_loop):
                found.half.add(node.name)
                halves.update(node.output)
        elif not in_loop and node.op_type in POINTWISE | MOVES and node.name not in last:
            follows = [name for name in read if name not in found.free]
            if follows and all(name in halves for name in follows):
                found.half.add(node.name)
                halves.update(node.output)


def last_products(graph: onnx.GraphProto) -> set[str]:
    """Names of the products that reach an output through no other product, and of what lies behind them."""
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


def typed(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """A copy of the graph in which half nodes read and give float16; inputs and outputs stay as they are."""
    return rewritten(model, precision, round_trip=False)


def rounded(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """A copy of the graph in float32 that rounds what half nodes read and give to halves.

    It computes on a CPU what the typed graph computes on a GPU, up to the rounding inside of products, which
    tensor cores add up in float32 as well. ONNX Runtime's own way with float16 on a CPU keeps float32 between
    nodes and would show less than the GPU's error.
    """
    return rewritten(model, precision, round_trip=True)


def rewritten(model: onnx.ModelProto, precision: Precision, round_trip: bool) -> onnx.ModelProto:
    """A copy of the graph with casts where types change."""
    made = onnx.ModelProto()
    made.CopyFrom(model)
    weights = {tensor.name: tensor for tensor in made.graph.initializer}
    rewrite_graph(made.graph, precision, weights, round_trip)
    used = set(every_input(made.graph))
    kept = [tensor for tensor in made.graph.initializer if tensor.name in used]
    del made.graph.initializer[:]
    added = [weights[name] for name in sorted(used & weights.keys()) if name.endswith(HALF)]
    made.graph.initializer.extend([*kept, *added])
    onnx.checker.check_model(made)
    return made


def rewrite_graph(
    graph: onnx.GraphProto,
    precision: Precision,
    weights: dict[str, TensorProto],
    round_trip: bool,
    scope: str = "",
) -> None:
    """Rewrite one graph and the bodies of its loops in place; weights of theirs are added to `weights`."""
    nodes: list[NodeProto] = []
    typed_as: dict[str, str] = {}  # float32 tensor to its half
    for node in graph.node:
        copy = NodeProto()
        copy.CopyFrom(node)
        for body in bodies(copy):
            rewrite_graph(body, precision, weights, round_trip, scope=f"/{node.name}")
        if node.name not in precision.half:
            nodes.append(copy)
            continue
        for index, name in enumerate(node.input):
            if name not in precision.floats:
                continue
            if name not in typed_as:
                typed_as[name] = name + HALF if name in weights else name + scope + HALF
                if name in weights:
                    weights[typed_as[name]] = half_of(weights[name], typed_as[name], round_trip)
                else:
                    nodes += casts(name, typed_as[name], round_trip)
            copy.input[index] = typed_as[name]
        for index, name in enumerate(node.output):
            copy.output[index] = f"{name}/made"
        nodes.append(copy)
        for name in node.output:
            typed_as[name] = name + HALF if round_trip else f"{name}/made"
            if round_trip:
                nodes += casts(f"{name}/made", typed_as[name], True)
                nodes.append(helper.make_node("Identity", [typed_as[name]], [name], name=f"{name}/full"))
            else:
                full = helper.make_node(
                    "Cast", [f"{name}/made"], [name], name=f"{name}/full", to=TensorProto.FLOAT
                )
                nodes.append(full)
    needed = set(every_input_of(nodes)) | {value.name for value in graph.output}
    del graph.node[:]
    graph.node.extend(node for node in nodes if not unread_cast(node, needed))
    del graph.value_info[:]  # their types may be others now


def unread_cast(node: NodeProto, needed: set[str]) -> bool:
    """Whether a node only turns a half back, and nobody wants the result."""
    return node.name.endswith("/full") and node.output[0] not in needed


def casts(source: str, target: str, round_trip: bool) -> list[NodeProto]:
    """Nodes that give `source` as a half, or rounded to one."""
    if not round_trip:
        return [helper.make_node("Cast", [source], [target], name=f"{target}/cast", to=TensorProto.FLOAT16)]
    middle = f"{target}/rounded"
    return [
        helper.make_node("Cast", [source], [middle], name=f"{target}/down", to=TensorProto.FLOAT16),
        helper.make_node("Cast", [middle], [target], name=f"{target}/up", to=TensorProto.FLOAT),
    ]


def half_of(weight: TensorProto, name: str, round_trip: bool) -> TensorProto:
    """A weight as halves, or rounded to them."""
    values = numpy_helper.to_array(weight).astype(np.float16)
    return numpy_helper.from_array(values.astype(np.float32) if round_trip else values, name)


def in_range(tensor: TensorProto) -> bool:
    """Whether halves can hold the values; infinities they can."""
    values = numpy_helper.to_array(tensor)
    finite = values[np.isfinite(values)]
    return not finite.size or float(np.abs(finite).max()) <= LARGEST


def float_tensors(graph: onnx.GraphProto) -> set[str]:
    """Names of the float32 tensors that a graph declares or shapes were inferred of."""
    return {
        value.name
        for value in (*graph.input, *graph.output, *graph.value_info)
        if value.type.tensor_type.elem_type == TensorProto.FLOAT
    }


def bodies(node: NodeProto) -> Iterator[onnx.GraphProto]:
    """The subgraphs of a node."""
    return (attribute.g for attribute in node.attribute if attribute.type == onnx.AttributeProto.GRAPH)


def every_input_of(nodes: Iterable[NodeProto]) -> Iterator[str]:
    """Names that nodes read, those inside of subgraphs too."""
    for node in nodes:
        yield from node.input
        for body in bodies(node):
            yield from every_input_of(body.node)
            yield from (value.name for value in body.output)


def every_input(graph: onnx.GraphProto) -> Iterator[str]:
    """Names that a graph's nodes read."""
    return every_input_of(graph.node)
