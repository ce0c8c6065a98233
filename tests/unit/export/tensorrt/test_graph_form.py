"""Graphs as TensorRT's parser takes them, equal to those that ONNX Runtime serves."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.errors import EngineError
from export.families import engine_named
from export.tensorrt.graph_form import tensorrt_form
from export.tensorrt.precision import bodies, name_nodes
from export.tensorrt.samples import graph_outputs
from export.tensorrt.simulation import simulated
from tests.unit.export.tensorrt.conftest import NAMES

# TensorRT's parser (onnx-tensorrt, docs/operators.md of 10.x) takes these, for the types that our graphs use.
TAKEN = """
    Add And Cast Clip Concat Constant ConstantOfShape Conv Div Equal Erf Exp Expand Flatten Gather
    GatherElements Gemm Greater GreaterOrEqual Identity LSTM LayerNormalization Less LessOrEqual Log
    LogSoftmax Loop MatMul Max Min Mod Mul Neg Not Or Pad Pow Range ReduceMax ReduceMean ReduceSum Relu
    Reshape ScatterElements Shape Sigmoid Slice Softmax Split Sqrt Squeeze Sub Tanh Tile Transpose
    Unsqueeze Where Xor
"""


def run(graph, arrays):
    """What ONNX Runtime computes of a graph, or of its file."""
    return graph_outputs(graph.read_bytes() if isinstance(graph, Path) else graph.SerializeToString(), arrays)


def form(path):
    made = tensorrt_form(onnx.load(str(path)))
    name_nodes(made.graph)
    return made


def operators(graph):
    for node in graph.node:
        yield node.op_type
        for body in bodies(node):
            yield from operators(body)


@pytest.mark.parametrize("name", NAMES)
def test_only_operators_that_the_parser_documents_are_left(bundled, name):
    assert set(operators(form(bundled.graph(name)).graph)) <= set(TAKEN.split())


@pytest.mark.parametrize("name", NAMES)
def test_weights_are_weights_and_no_choices_are_left(bundled, name):
    graph = form(bundled.graph(name)).graph
    weights = {tensor.name for tensor in graph.initializer}
    assert not any(node.op_type == "Cast" and node.input[0] in weights for node in graph.node)
    assert "If" not in set(operators(graph))
    assert all(tensor.data_type != TensorProto.FLOAT16 for tensor in graph.initializer)


def test_vocoder_computes_the_same(bundled):
    rng = np.random.default_rng(0)
    arrays = {
        "mel": rng.normal(-5, 2, (2, 80, 40)).astype(np.float32),
        "mel_length": np.array([[40], [23]]),
        "z": rng.normal(0, 0.7, (2, 16, 640)).astype(np.float32),
    }
    path = bundled.graph("tts_waveglow")
    expected, measured = run(path, arrays), run(form(path), arrays)
    for name, array in expected.items():
        np.testing.assert_array_equal(measured[name], array)


def utterances(repository, steps):
    """Two sentences and an empty row, with so many steps at most."""
    arrays = engine_named("tts_tacotron2").arrays(repository, None)
    rows = {name: array[1:4].copy() for name, array in arrays.items()}
    rows["symbols_length"][1] = 0
    return rows | {"dropout": rows["dropout"][:, :steps]}


@pytest.mark.parametrize("steps", [1, 7, 240])
def test_steps_that_were_not_taken_change_nothing(bundled, steps):
    """TensorRT's stacks are as long as the loop's limit; here the steps not taken are NaN."""
    arrays = utterances(bundled, steps)
    path = bundled.graph("tts_tacotron2")
    expected = run(path, arrays)
    measured = run(simulated(form(path)), arrays)
    np.testing.assert_array_equal(measured["mel_length"], expected["mel_length"])
    taken, frames = expected["gate"].shape[1], expected["mel"].shape[2]
    assert measured["gate"].shape[1] == steps
    np.testing.assert_allclose(measured["mel"][:, :, :frames], expected["mel"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(measured["alignment"][:, :taken], expected["alignment"], rtol=0, atol=1e-6)
    assert np.isfinite(measured["mel"]).all()
    assert (measured["gate"][:, taken:] == 1).all()
    assert (measured["alignment"][:, taken:] == 0).all()
    silence = expected["mel"][1, 0, 0]  # a row without symbols
    assert (measured["mel"][:, :, frames:] == silence).all()


def test_the_decoder_ends_before_its_limit_in_that_test(bundled):
    arrays = utterances(bundled, 240)
    assert arrays["dropout"].shape[1] == 240
    assert run(bundled.graph("tts_tacotron2"), arrays)["gate"].shape[1] < 240


def choice(shape, branch="Squeeze"):
    """Y = x without its second axis, if that has one element."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    axes = numpy_helper.from_array(np.array([1], np.int64))
    then = helper.make_graph(
        [
            helper.make_node("Constant", [], ["axes"], value=axes),
            helper.make_node(branch, ["x", "axes"] if branch == "Squeeze" else ["x"], ["then"]),
        ],
        "then",
        [],
        [helper.make_tensor_value_info("then", TensorProto.FLOAT, None)],
    )
    other = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["other"])],
        "else",
        [],
        [helper.make_tensor_value_info("other", TensorProto.FLOAT, None)],
    )
    nodes = [
        helper.make_node("Relu", ["x"], ["r"]),
        helper.make_node("Shape", ["r"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["size"], axis=0),
        helper.make_node("Equal", ["size", "one"], ["same"]),
        helper.make_node("If", ["same"], ["y"], name="choice", then_branch=then, else_branch=other),
    ]
    kept = [axis for index, axis in enumerate(shape) if index != 1 or shape[1] != 1]
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, kept)
    one = numpy_helper.from_array(np.array(1, np.int64), "one")
    graph = helper.make_graph(nodes, "g", [x], [y], [one])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def relu_first(model):
    """Have the branches read what shapes are inferred of."""
    for node in model.graph.node:
        for body in bodies(node):
            for inner in body.node:
                inner.input[:] = ["r" if name == "x" else name for name in inner.input]
    return model


@pytest.mark.parametrize(("size", "rank"), [(1, 2), (4, 3)])
def test_shapes_decide_whether_an_axis_goes(size, rank):
    arrays = {"x": np.ones((2, size, 3), np.float32)}
    made = tensorrt_form(relu_first(choice(["B", size, 3])))
    assert "If" not in {node.op_type for node in made.graph.node}
    assert run(made, arrays)["y"].ndim == rank


def test_choice_that_shapes_do_not_decide_is_refused_by_name():
    with pytest.raises(EngineError, match=r"node 'choice': expected an If that the graph's shapes decide"):
        tensorrt_form(relu_first(choice(["B", "C", 3])))
