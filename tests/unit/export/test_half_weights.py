import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.half_weights import store_halves


def graph_of(weights, path):
    tensors = [numpy_helper.from_array(weight, f"weight{i}") for i, weight in enumerate(weights)]
    names = ["x", *(f"y{i}" for i in range(len(weights)))]
    nodes = [
        helper.make_node("Mul", [source, tensor.name], [target])
        for source, target, tensor in zip(names, names[1:], tensors, strict=False)
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in (names[0], names[-1]))
    model = helper.make_model(
        helper.make_graph(nodes, "graph", [x], [y], tensors), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def run(path, size):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.linspace(-2, 2, size, dtype=np.float32)})[0]


def stored_types(path):
    return [tensor.data_type for tensor in onnx.load(str(path)).graph.initializer]


@pytest.fixture
def halves():
    return np.random.default_rng(0).standard_normal(4096).astype(np.float16).astype(np.float32)


def test_rounded_weights_take_half_the_room_and_give_the_same_bits(tmp_path, halves):
    path = graph_of([halves], tmp_path / "model.onnx")
    before, size = run(path, halves.size), path.stat().st_size
    store_halves(path)
    assert stored_types(path) == [TensorProto.FLOAT16]
    assert path.stat().st_size < 0.6 * size
    np.testing.assert_array_equal(run(path, halves.size), before)


def test_weights_off_by_the_rounding_of_a_norm_count_as_halves(tmp_path, halves):
    path = graph_of([halves * np.float32(1 + 3e-7)], tmp_path / "model.onnx")
    store_halves(path)
    assert stored_types(path) == [TensorProto.FLOAT16]


def test_other_weights_stay_as_they_are(tmp_path, halves):
    one_off = halves.copy()
    one_off[7] = 1 / 3
    too_large = halves * 1e6
    small = halves[:1]
    path = graph_of([one_off, too_large, small], tmp_path / "model.onnx")
    before = path.read_bytes()
    store_halves(path)
    assert stored_types(path) == [TensorProto.FLOAT] * 3
    assert len(path.read_bytes()) == len(before)


def test_weights_that_a_subgraph_reads_are_cast_outside_of_it(tmp_path, halves):
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go_on"], ["go_on_next"]),
            helper.make_node("Mul", ["state", "weight"], ["state_next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state", TensorProto.FLOAT, ["N"]),
        ],
        [
            helper.make_tensor_value_info("go_on_next", TensorProto.BOOL, []),
            helper.make_tensor_value_info("state_next", TensorProto.FLOAT, ["N"]),
        ],
    )
    loop = helper.make_node("Loop", ["rounds", "", "x"], ["y"], body=body)
    tensors = [numpy_helper.from_array(halves, "weight"), numpy_helper.from_array(np.array(3), "rounds")]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"]) for name in "xy")
    model = helper.make_model(
        helper.make_graph([loop], "graph", [x], [y], tensors), opset_imports=[helper.make_opsetid("", 17)]
    )
    model.ir_version = 8
    path = tmp_path / "model.onnx"
    onnx.save(model, str(path))
    before = run(path, halves.size)
    store_halves(path)
    assert TensorProto.FLOAT16 in stored_types(path)
    np.testing.assert_array_equal(run(path, halves.size), before)
