"""A graph for ONNX Runtime's CPU provider that rounds as an engine does, and runs loops as TensorRT does.

It measures what the precision rules cost, and shows that the rewritten graphs are equal to the originals,
without a GPU. It says nothing about TensorRT itself: whether the parser accepts a graph, how its kernels
accumulate, how fast they are.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from polygraphy.backend.base import BaseRunner
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx

from export.tensorrt.half_graph import HALF, cast, replace_nodes
from export.tensorrt.precision import bodies
from export.tensorrt.spec import EngineSpec
from export.tensorrt.verification import Verification, verify


def simulate_engine(spec: EngineSpec) -> Verification:
    """Verify a simulated engine as a real one would be; its times say nothing."""
    graph = simulated(spec.typed_graph()[0]).SerializeToString()

    def engine(profile: int) -> BaseRunner:
        return OnnxrtRunner(SessionFromOnnx(graph))

    return verify(spec.model, spec.repository, engine, rounds=1)


def simulated(typed: onnx.ModelProto) -> onnx.ModelProto:
    """Rewrite a copy of a graph as the builder gets it, all in float32.

    Every float16 tensor is rounded to float16 and back. Products accumulate in float32, as tensor cores do.
    Running float16 itself would show less than the GPU's error: on a CPU, ONNX Runtime keeps float32 between
    such nodes.
    """
    made = onnx.ModelProto()
    made.CopyFrom(typed)
    for tensor in made.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT16:
            values = numpy_helper.to_array(tensor).astype(np.float32)
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    round_halves(made.graph)
    for node in made.graph.node:
        if node.op_type == "Loop":
            stack_to_the_end(helper.get_node_attr_value(node, "body"), carried=len(node.input) - 2)
    onnx.checker.check_model(made)
    return made


def round_halves(graph: onnx.GraphProto) -> None:
    """Compute in float32, and round every tensor that was float16."""
    nodes = []
    for node in graph.node:
        for body in bodies(node):
            round_halves(body)
        nodes.append(node)
        for index, name in enumerate(node.output):
            if not name.endswith(HALF):
                continue
            if node.op_type == "Cast":
                node.attribute[0].i = TensorProto.FLOAT
            node.output[index] = f"{name}/exact"
            nodes.append(cast(f"{name}/exact", f"{name}/rounded", TensorProto.FLOAT16))
            nodes.append(cast(f"{name}/rounded", name, TensorProto.FLOAT))
    replace_nodes(graph, nodes)


def stack_to_the_end(body: onnx.GraphProto, carried: int) -> None:
    """Have a loop stack as many steps as it may take, with NaN for those after its end.

    TensorRT's stacks have that length, and the content of the steps not taken is undefined: nothing may
    depend on it.
    """
    step, running, proceed = body.input[0].name, body.input[2].name, body.output[0]
    constants = {
        "end/always": np.array(True),
        "end/zero": np.array(0, np.int64),
        "end/nan": np.array(np.nan, np.float32),
    }
    nodes = [
        helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))
        for name, value in constants.items()
    ]
    nodes += [
        helper.make_node("Cast", [running], ["end/running"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["end/running"], ["end/rows"], keepdims=0),
        helper.make_node("Greater", ["end/rows", "end/zero"], ["end/any"]),
        helper.make_node("Equal", [step, "end/zero"], ["end/first"]),
        helper.make_node("Or", ["end/any", "end/first"], ["end/taken"]),
    ]
    proceed.name = "end/always"
    for output in body.output[1 + carried :]:
        kept = f"end/{output.name}"
        nodes.append(helper.make_node("Where", ["end/taken", output.name, "end/nan"], [kept]))
        output.name = kept
    body.node.extend(nodes)
