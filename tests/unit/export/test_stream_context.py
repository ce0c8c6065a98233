"""Contexts of streams, from the convolutions of a graph."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from export.recognition.context import contexts, receptive_field
from tritone.server.options import REPOSITORIES


def written(path, layers, *, attention=False):
    """A graph of convolutions (kernel, stride, dilation), each beside a residual connection."""
    nodes, weights, tensor = [], [], "features"
    for index, (kernel, stride, dilation) in enumerate(layers):
        name = f"w{index}"
        weights.append(numpy_helper.from_array(np.zeros((1, 1, 1, kernel), np.float32), name))
        nodes.append(
            helper.make_node(
                "Conv", [tensor, name], [f"c{index}"], strides=[1, stride], dilations=[1, dilation]
            )
        )
        tensor = f"c{index}"
        if stride == 1 and index:
            nodes.append(helper.make_node("Add", [tensor, f"c{index - 1}"], [f"a{index}"]))
            tensor = f"a{index}"
    if attention:
        nodes.append(helper.make_node("Softmax", [tensor], ["weights"]))
        tensor = "weights"
    nodes.append(helper.make_node("LogSoftmax", [tensor], ["log_probs"]))
    values = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in ("features", "log_probs")
    ]
    graph = helper.make_graph(nodes, "net", values[:1], values[1:], weights)
    onnx.save(helper.make_model(graph), path)
    return path


def test_reach_and_variance_add_up_over_strides_and_dilations(tmp_path):
    field = receptive_field(written(tmp_path / "net.onnx", [(3, 2, 1), (5, 1, 1), (5, 1, 3)]))
    assert field.jump == 2
    assert field.reach == 1 + 2 * 2 + 2 * 3 * 2
    assert field.variance == pytest.approx((9 - 1) / 12 + 4 * (25 - 1) / 12 + 36 * (25 - 1) / 12)


def test_a_larger_field_needs_more_context_and_longer_steps(tmp_path):
    small = receptive_field(written(tmp_path / "small.onnx", [(11, 2, 1)] + [(13, 1, 1)] * 8))
    large = receptive_field(written(tmp_path / "large.onnx", [(33, 2, 1)] + [(63, 1, 1)] * 75))
    first, second = contexts(small, 0.01, 2), contexts(large, 0.01, 2)
    assert all(first[name] < second[name] for name in first)
    for given in (first, second):
        assert given["right_context_s"] < given["left_context_s"]
        assert all((value / 0.02) == pytest.approx(round(value / 0.02)) for value in given.values())
    assert first["step_s"] == 0.32


def test_a_context_is_no_longer_than_what_the_network_reads(tmp_path):
    field = receptive_field(written(tmp_path / "net.onnx", [(3, 2, 1)]))
    assert contexts(field, 0.01, 2)["left_context_s"] <= 0.04


def test_attention_has_no_bound(tmp_path):
    field = receptive_field(written(tmp_path / "net.onnx", [(3, 2, 1)], attention=True))
    assert not field.is_bounded
    assert contexts(field, 0.01, 4)["left_context_s"] >= 1


def test_the_bundled_network_has_the_contexts_of_its_sidecar():
    import json

    sidecar = json.loads((REPOSITORIES[0] / "asr_stream/1/stream.json").read_text())
    field = receptive_field(REPOSITORIES[0] / "asr_quartznet/1/model.onnx")
    given = contexts(field, 0.01, sidecar["frame_samples"] // sidecar["hop_samples"])
    assert given == {name: sidecar[name] for name in given}
