"""Graphs in the form that TensorRT's parser takes, equal in what they compute.

The graphs of the repository are written for ONNX Runtime. Three things of theirs TensorRT does not take, or
takes badly, and each has a rewriting here:

- Weights stored as halves and turned into float32 by a Cast. The parser would see a tensor, not weights;
  what depends on no input is computed here.
- A choice (If) between removing an axis and leaving it, which the tracer writes where it does not know
  that the axis has one element. The branches differ in rank, which TensorRT refuses. The shapes decide here.
- What a Loop stacks up, step by step (scan outputs). TensorRT's are as long as the loop may run at most,
  and what lies behind the last step taken is not defined. The slices that cut such a stack to the steps
  that counted are left out, and what no step has written is replaced by zeros. The outputs then have as many
  frames as the loop might have had steps; their lengths, and all that lies before them, are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
import onnx_graphsurgeon as surgeon
from onnx import TensorProto, helper, numpy_helper, shape_inference

from export.errors import EngineError

LARGEST = 1 << 40  # bytes of what is computed here: weights of any size
VERSION = 2  # of these rewritings; another number rebuilds every engine


def tensorrt_form(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a copy of a graph.

    Raises:
        EngineError: a choice that the shapes do not decide.
    """
    made = folded(model)
    for node in made.graph.node:
        if node.op_type == "If":
            raise EngineError(
                f"node '{node.name}': expected a choice that the graph's shapes decide, got one that they do "
                "not; export the checkpoint again, or serve the graph with ONNX Runtime."
            )
    keep_all_steps(made.graph)
    onnx.checker.check_model(made)
    return made


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute once what depends on no input, and keep the branch of every choice that is decided by then.

    What one pass has computed may decide shapes, and these another choice, until nothing changes any more.
    """
    nodes = -1
    while nodes != len(model.graph.node):
        nodes = len(model.graph.node)
        graph = surgeon.import_onnx(shape_inference.infer_shapes(model, data_prop=True))
        model = surgeon.export_onnx(
            graph.fold_constants(recurse_subgraphs=False, size_threshold=LARGEST).cleanup()
        )
    # GraphSurgeon leaves weights that only a loop reads in its body; here all lie outside.
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                model.graph.initializer.extend(attribute.g.initializer)
                del attribute.g.initializer[:]
    return model


def keep_all_steps(graph: onnx.GraphProto) -> None:
    """Leave out the slices behind a Loop's stacks, and put zeros where no step has written.

    The Loop is the decoder's (export.families.tacotron2.graph): its second carried value counts the steps of
    each row before the one at which it ended, so a step whose index is above all of these was not taken.
    """
    nodes: list[onnx.NodeProto] = []
    stacks: set[str] = set()
    for node in graph.node:
        if node.op_type == "Loop":
            nodes.append(node)
            body = helper.get_node_attr_value(node, "body")
            carried = len(node.input) - 2
            names = list(node.output[carried:])
            stacks.update(names)
            taken = [*steps_taken(node)]
            nodes += taken
            for name, inner in zip(names, body.output[1 + carried :], strict=True):
                nodes += zero_behind(name, rank_in(body, inner.name), taken[-1].output[0])
        elif node.op_type == "Slice" and node.input[0] in stacks:
            nodes.append(
                helper.make_node("Identity", [f"{node.input[0]}/taken"], node.output, name=node.name)
            )
        else:
            nodes.append(node)
    if not stacks:
        return
    graph.initializer.extend(
        [
            numpy_helper.from_array(np.array(0, np.int64), "steps/zero"),
            numpy_helper.from_array(np.array(1, np.int64), "steps/one"),
            numpy_helper.from_array(np.array(0.0, np.float32), "steps/nothing"),
        ]
    )
    replace_nodes(graph, nodes)


def steps_taken(loop: onnx.NodeProto) -> Iterator[onnx.NodeProto]:
    """Nodes that tell of each step whether it was taken; the last one's output is (L,) bool."""
    most, kept = loop.input[0], loop.output[1]
    yield helper.make_node("Range", ["steps/zero", most, "steps/one"], ["steps/index"], name="steps/index")
    yield helper.make_node("ReduceMax", [kept], ["steps/last"], name="steps/last", keepdims=0)
    yield helper.make_node("LessOrEqual", ["steps/index", "steps/last"], ["steps/taken"], name="steps/taken")


def zero_behind(stack: str, rank: int, taken: str) -> Iterator[onnx.NodeProto]:
    """Nodes that replace what no step has written in a stack (L, ...) of `rank` axes."""
    shaped = f"{stack}/mask"
    shape = helper.make_tensor(f"{shaped}/shape", TensorProto.INT64, [rank], [-1] + [1] * (rank - 1))
    yield helper.make_node("Constant", [], [f"{shaped}/shape"], name=f"{shaped}/shape", value=shape)
    yield helper.make_node("Reshape", [taken, f"{shaped}/shape"], [shaped], name=shaped)
    yield helper.make_node(
        "Where", [shaped, stack, "steps/nothing"], [f"{stack}/taken"], name=f"{stack}/taken"
    )


def rank_in(body: onnx.GraphProto, name: str) -> int:
    """Axes of what a Loop stacks up: one more than a single step's.

    Raises:
        EngineError: the body does not say.
    """
    sources = {node.output[0]: node.input[0] for node in body.node if node.op_type == "Identity"}
    for value in body.output:
        if value.name in (name, sources.get(name)) and value.type.tensor_type.HasField("shape"):
            return len(value.type.tensor_type.shape.dim) + 1
    inferred = {value.name: value for value in body.value_info}
    value = inferred.get(sources.get(name, name))
    if value is None and sources.get(name) == "gate_probability":
        return 2  # (B,) of every step, which the exporter does not declare
    if value is None:
        raise EngineError(f"loop output '{name}': expected its body to declare a shape; export again.")
    return len(value.type.tensor_type.shape.dim) + 1


def replace_nodes(graph: onnx.GraphProto, nodes: list[onnx.NodeProto]) -> None:
    """Give a graph other nodes."""
    copies = []
    for node in nodes:
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copies.append(copy)
    del graph.node[:]
    graph.node.extend(copies)
