import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper


def graph(batch="batch", width=3, dtype=TensorProto.FLOAT):
    """Build y = x + x over (batch, width) and total = sum over the width."""
    x = helper.make_tensor_value_info("x", dtype, [batch, width])
    y = helper.make_tensor_value_info("y", dtype, [batch, width])
    total = helper.make_tensor_value_info("total", dtype, [batch, 1])
    nodes = [
        helper.make_node("Add", ["x", "x"], ["y"]),
        helper.make_node("ReduceSum", ["x", "axes"], ["total"], keepdims=1),
    ]
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y, total], [axes]))
    model.opset_import[0].version = 17
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture
def session():
    """Return a function that opens the small graph with a given shape."""
    return lambda **shape: ort.InferenceSession(graph(**shape), providers=["CPUExecutionProvider"])


@pytest.fixture
def config():
    """A config that fits the graph, as Triton passes it."""
    return {
        "name": "adder",
        "max_batch_size": 8,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["3"]}],
        "output": [
            {"name": "y", "data_type": "TYPE_FP32", "dims": ["3"]},
            {"name": "total", "data_type": "TYPE_FP32", "dims": ["1"]},
        ],
        "instance_group": [{"count": 2, "kind": "KIND_CPU"}],
        "parameters": {},
    }
