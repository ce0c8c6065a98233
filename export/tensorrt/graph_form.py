"""Graphs in the form that TensorRT's parser accepts, equal in what they compute.

The graphs of the repository are written for ONNX Runtime. Three of their constructs TensorRT does not accept,
or handles badly; each is rewritten here:

- Weights stored as float16 and converted to float32 by a Cast. The parser would see a tensor, not weights;
  what depends on no input is computed here.
- An If that removes an axis or leaves it, which the tracer writes where it does not know that the axis has
  one element. The branches differ in rank, which TensorRT refuses. The shapes decide here.
- A Loop's scan outputs, which it stacks step by step. In TensorRT they are as long as the loop may run at
  most, and undefined after the last step taken. The slices that cut such a stack to the steps that counted
  are left out, and steps not taken are replaced by zeros. The outputs then have as many frames as the loop
  might have had steps; their lengths, and everything before them, are the same.
"""

from __future__ import annotations

import numpy as np
import onnx
import onnx_graphsurgeon as surgeon
from onnx import NodeProto, helper, numpy_helper, shape_inference

from export.errors import EngineError
from export.tensorrt.half_graph import replace_nodes
from export.tensorrt.precision import bodies

LARGEST = 1 << 40  # bytes of a folded constant: weights of any size
VERSION = 2  # of these rewritings; another number rebuilds every engine


def tensorrt_form(model: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a copy of a graph.

    Raises:
        EngineError: an If that the shapes do not decide, or a Loop whose outputs have no known rank.
    """
    made = folded(model)
    for node in made.graph.node:
        if node.op_type == "If":
            raise EngineError(
                f"node '{node.name}': expected an If that the graph's shapes decide, got one that they do "
                "not; export the checkpoint again, or serve the graph with ONNX Runtime."
            )
    keep_all_steps(made)
    onnx.checker.check_model(made)
    return made


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """Compute what depends on no input, and keep the branch of every If that is decided by then.

    Constants of one pass may decide shapes, and these another If, so passes repeat until nothing changes.
    """
    nodes = -1
    while nodes != len(model.graph.node):
        nodes = len(model.graph.node)
        graph = surgeon.import_onnx(shape_inference.infer_shapes(model, data_prop=True))
        graph.fold_constants(recurse_subgraphs=False, size_threshold=LARGEST)
        model = surgeon.export_onnx(graph.cleanup())
    # GraphSurgeon moves weights that only a loop reads into its body; `precision` expects them outside.
    for node in model.graph.node:
        for body in bodies(node):
            model.graph.initializer.extend(body.initializer)
            del body.initializer[:]
    return model


def keep_all_steps(model: onnx.ModelProto) -> None:
    """Leave out the slices of a Loop's stacks, and put zeros where no step has written.

    The Loop is the decoder's (export.families.tacotron2.graph): its second carried value counts the steps of
    each row before the one at which it ended, so a step with a greater index than all of these was not taken.
    """
    graph = model.graph
    loops = [node for node in graph.node if node.op_type == "Loop"]
    if not loops:
        return
    ranks = {
        value.name: len(value.type.tensor_type.shape.dim)
        for value in shape_inference.infer_shapes(model).graph.value_info
        if value.type.tensor_type.HasField("shape")
    }
    nodes: list[NodeProto] = []
    stacks: set[str] = set()
    for node in graph.node:
        if node.op_type == "Slice" and node.input[0] in stacks:
            nodes.append(helper.make_node("Identity", [f"{node.input[0]}/taken"], node.output, node.name))
            continue
        nodes.append(node)
        if node.op_type == "Loop":
            scans = list(node.output[len(node.input) - 2 :])
            stacks.update(scans)
            nodes += steps_taken(node)
            nodes += [step for name in scans for step in zeroed(name, ranks.get(name))]
    constants = {"steps/zero": np.int64(0), "steps/one": np.int64(1), "steps/nothing": np.float32(0)}
    graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()
    )
    replace_nodes(graph, nodes)


def steps_taken(loop: NodeProto) -> list[NodeProto]:
    """Nodes that compute steps/taken (L,) bool: whether each step was taken."""
    longest, kept = loop.input[0], loop.output[1]
    return [
        helper.make_node("Range", ["steps/zero", longest, "steps/one"], ["steps/index"], "steps/index"),
        helper.make_node("ReduceMax", [kept], ["steps/last"], "steps/last", keepdims=0),
        helper.make_node("LessOrEqual", ["steps/index", "steps/last"], ["steps/taken"], "steps/taken"),
    ]


def zeroed(stack: str, rank: int | None) -> list[NodeProto]:
    """Nodes that replace the steps not taken in a stack (L, ...) of `rank` axes.

    Raises:
        EngineError: the rank is unknown.
    """
    if rank is None:
        raise EngineError(f"loop output '{stack}': expected a rank from its body, found none; export again.")
    mask, shape = f"{stack}/mask", f"{stack}/mask/shape"
    axes = numpy_helper.from_array(np.array([-1] + [1] * (rank - 1)), shape)
    return [
        helper.make_node("Constant", [], [shape], shape, value=axes),
        helper.make_node("Reshape", ["steps/taken", shape], [mask], mask),
        helper.make_node("Where", [mask, stack, "steps/nothing"], [f"{stack}/taken"], f"{stack}/taken"),
    ]
