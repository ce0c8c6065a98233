"""On a CPU, what an engine would compute: the same rounding to halves, and loops as TensorRT runs them.

It shows what the precision rules cost and that the rewritten graphs are equal, before there is a GPU. It
shows nothing of TensorRT itself: whether its parser takes the graph, how its kernels add up, its speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export.tensorrt.precision import Precision, rounded
from export.tensorrt.samples import Arrays
from export.tensorrt.verification import Run


def session(graph: Path | onnx.ModelProto) -> Run:
    """A graph on ONNX Runtime's CPU provider, called with named arrays."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    source = str(graph) if isinstance(graph, Path) else graph.SerializeToString()
    made = ort.InferenceSession(source, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in made.get_outputs()]

    def run(arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        return dict(zip(names, made.run(names, dict(arrays)), strict=True))

    return run


def simulated(model: onnx.ModelProto, precision: Precision) -> onnx.ModelProto:
    """A graph in the form for TensorRT, as ONNX Runtime can run it in place of the engine."""
    made = rounded(model, precision)
    for node in made.graph.node:
        if node.op_type == "Loop":
            body = next(attribute.g for attribute in node.attribute if attribute.name == "body")
            stack_to_the_end(body, carried=len(node.input) - 2)
    onnx.checker.check_model(made)
    return made


def stack_to_the_end(body: onnx.GraphProto, carried: int) -> None:
    """Have a loop stack as many steps as it may take, with NaN for those after its end.

    TensorRT's stacks are that long, and what it leaves in the steps not taken is not defined: nothing may
    depend on it.
    """
    step, running, go_on = body.input[0].name, body.input[2].name, body.output[0]
    no_number = numpy_helper.from_array(np.array(np.nan, np.float32))
    zero = numpy_helper.from_array(np.array(0, np.int64))
    yes = numpy_helper.from_array(np.array(True))
    nodes = [
        helper.make_node("Constant", [], ["end/always"], value=yes),
        helper.make_node("Constant", [], ["end/zero"], value=zero),
        helper.make_node("Constant", [], ["end/no_number"], value=no_number),
        helper.make_node("Cast", [running], ["end/running"], to=TensorProto.INT64),
        helper.make_node("ReduceSum", ["end/running"], ["end/rows"], keepdims=0),
        helper.make_node("Greater", ["end/rows", "end/zero"], ["end/any"]),
        helper.make_node("Equal", [step, "end/zero"], ["end/first"]),
        helper.make_node("Or", ["end/any", "end/first"], ["end/taken"]),
    ]
    go_on.name = "end/always"
    for output in body.output[1 + carried :]:
        kept = f"end/{output.name}"
        nodes.append(helper.make_node("Where", ["end/taken", output.name, "end/no_number"], [kept]))
        output.name = kept
    body.node.extend(nodes)
