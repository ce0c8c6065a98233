"""Which nodes are half, and what that costs."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from polygraphy.backend.onnxrt import OnnxrtRunner, SessionFromOnnx

from export.families import engine_named
from export.tensorrt.half_graph import half_graph
from export.tensorrt.precision import bodies, decide, name_nodes
from export.tensorrt.samples import graph_outputs
from export.tensorrt.simulation import simulate_engine, simulated
from export.tensorrt.spec import EngineSpec
from tests.unit.export.tensorrt.conftest import MODELS

HALF_MODELS = [model for model in MODELS if model.half]


def network(nodes, weights, output="y", axes=("B", 4)):
    """A graph of float32 x (B, 4)."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 4])],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, list(axes))],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    name_nodes(model.graph)
    return model


def product(source, weight, target):
    return helper.make_node("MatMul", [source, weight], [target], name=target)


def node(kind, sources, target, **attributes):
    return helper.make_node(kind, sources, [target], name=target, **attributes)


SQUARE = np.eye(4, dtype=np.float32) / 3


def test_products_are_half_and_what_lies_between_them_but_not_the_last():
    model = network(
        [product("x", "w", "a"), node("Relu", ["a"], "b"), product("b", "w", "c"), product("c", "w", "y")],
        {"w": SQUARE},
    )
    assert decide(model).half == {"a", "b", "c"}


def test_what_the_last_product_leads_to_stays_full():
    model = network(
        [product("x", "w", "a"), product("a", "w", "b"), node("Softmax", ["b"], "y", axis=1)], {"w": SQUARE}
    )
    assert decide(model).half == {"a"}


@pytest.mark.parametrize("kind", ["Softmax", "LogSoftmax", "Exp", "Sqrt", "Log"])
def test_functions_that_halves_do_not_carry_stay_full(kind):
    model = network(
        [product("x", "w", "a"), node(kind, ["a"], "b"), product("b", "w", "c"), product("c", "w", "y")],
        {"w": SQUARE},
    )
    assert decide(model).half == {"a", "c"}


def test_sum_of_a_half_and_a_full_number_is_full():
    model = network(
        [
            product("x", "w", "a"),
            node("Add", ["a", "x"], "b"),
            product("b", "w", "c"),
            product("c", "w", "y"),
        ],
        {"w": SQUARE},
    )
    assert "b" not in decide(model).half


def test_mask_of_booleans_follows_the_product():
    model = network(
        [
            node("Less", ["x", "limit"], "inside"),
            node("Cast", ["inside"], "mask", to=TensorProto.FLOAT),
            product("x", "w", "a"),
            node("Mul", ["a", "mask"], "b"),
            product("b", "w", "c"),
            product("c", "w", "y"),
        ],
        {"w": SQUARE, "limit": np.float32(0)},
    )
    assert decide(model).half == {"a", "b", "c"}


def test_number_beyond_halves_keeps_its_node_full():
    weights = {"w": SQUARE, "large": np.float32(1e6), "heavy": SQUARE * 1e6}
    model = network(
        [
            product("x", "w", "a"),
            node("Mul", ["a", "large"], "b"),
            product("b", "heavy", "c"),
            product("c", "w", "d"),
            product("d", "w", "y"),
        ],
        weights,
    )
    assert decide(model).half == {"a", "d"}


def test_minus_infinity_fits_into_a_half():
    model = network(
        [product("x", "w", "a"), node("Add", ["a", "hidden"], "b"), product("b", "w", "y")],
        {"w": SQUARE, "hidden": np.float32(-np.inf)},
    )
    assert decide(model).half == {"a", "b"}


def typed(model, repository):
    return EngineSpec.read(model, repository).typed_graph()


def decoder_body(repository):
    graph, precision = typed(engine_named("tts_tacotron2"), repository)
    (body,) = (body for node in graph.graph.node for body in bodies(node))
    return graph, body, precision


def test_inside_the_loop_only_products_with_weights_are_half(bundled):
    graph, body, precision = decoder_body(bundled)
    weights = {tensor.name for tensor in graph.graph.initializer}
    half = [node for node in body.node if node.name in precision.half]
    assert len(half) == 7  # two prenet layers, two recurrent cells, query, location filters, output
    assert all(node.op_type in ("MatMul", "Conv") and node.input[1] in weights for node in half)


def element_types(graph):
    found = {}
    for value in (*graph.input, *graph.output, *graph.value_info):
        found[value.name] = value.type.tensor_type.elem_type
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_callers_see_keeps_its_type(bundled, model):
    before = onnx.load(str(bundled.graph(model.name))).graph
    after = typed(model, bundled)[0].graph
    for side in ("input", "output"):
        declared = [
            [(value.name, value.type.tensor_type.elem_type) for value in getattr(graph, side)]
            for graph in (before, after)
        ]
        assert declared[0] == declared[1]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_typed_graph_is_consistent_and_loads(bundled, model):
    """ONNX Runtime refuses a node whose inputs have different types, as a strongly typed network does."""
    made = typed(model, bundled)[0]
    onnx.shape_inference.infer_shapes(made, strict_mode=True)
    with OnnxrtRunner(SessionFromOnnx(made.SerializeToString())):
        pass


@pytest.mark.parametrize("model", HALF_MODELS, ids=lambda model: model.name)
def test_nearly_all_weights_are_half(bundled, model):
    graph = typed(model, bundled)[0].graph
    sizes = {kind: 0 for kind in (TensorProto.FLOAT, TensorProto.FLOAT16)}
    for tensor in graph.initializer:
        if tensor.data_type in sizes:
            sizes[tensor.data_type] += int(np.prod(tensor.dims))
    full, half = sizes[TensorProto.FLOAT], sizes[TensorProto.FLOAT16]
    # What stays: embeddings (a third of the bundled BERT), the encoder's recurrent layers.
    most_full = {"punctuation_bert": 0.4, "tts_tacotron2": 0.5}.get(model.name, 0.05)
    assert full / (full + half) <= most_full


def test_features_are_full_precision_throughout(bundled):
    graph = typed(MODELS[0], bundled)[0].graph
    assert all(tensor.data_type != TensorProto.FLOAT16 for tensor in graph.initializer)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_precision_costs_little_on_the_bundled_checkpoints(bundled, model):
    """Graphs rounded as the engines round pass the engines' verification, by a factor of three."""
    for check in simulate_engine(EngineSpec.read(model, bundled)).checks:
        assert check.tolerance is None or check.error <= check.tolerance / 3, check


def run_rounded(model, x):
    return graph_outputs(simulated(half_graph(model, decide(model))).SerializeToString(), {"x": x})["y"]


def test_rounded_graph_rounds_what_half_nodes_read_and_give():
    model = network(
        [product("x", "w", "a"), product("a", "w", "b"), product("b", "v", "y")],
        {"w": SQUARE, "v": np.eye(4, dtype=np.float32)},
    )
    x = np.array([[1.0001, 0.3337, -2.7183, 1234.567]], np.float32)

    def half(values):
        return values.astype(np.float16).astype(np.float32)

    first = half(half(x) @ half(SQUARE))
    expected = half(first @ half(SQUARE))
    np.testing.assert_array_equal(run_rounded(model, x), expected)
    assert not np.array_equal(expected, x @ SQUARE @ SQUARE)


def test_rounded_graph_overflows_as_halves_do():
    model = network(
        [product("x", "w", "a"), product("a", "w", "b"), product("b", "w", "y")],
        {"w": np.eye(4, dtype=np.float32)},
    )
    measured = run_rounded(model, np.full((1, 4), 70000, np.float32))
    assert not np.isfinite(measured).all()


def test_typed_graph_casts_each_tensor_once():
    model = network(
        [
            product("x", "w", "a"),
            product("x", "w", "b"),
            node("Add", ["a", "b"], "c"),
            product("c", "w", "y"),
        ],
        {"w": SQUARE},
    )
    kinds = [node.op_type for node in half_graph(model, decide(model)).graph.node]
    assert kinds.count("Cast") == 2  # x down, c up
