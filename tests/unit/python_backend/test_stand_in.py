"""The CPU stand-in for Triton's ONNX Runtime backend, run as tritonserver runs it."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import triton_python_backend_utils as pb_utils
from onnx import TensorProto, helper

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def backend():
    spec = importlib.util.spec_from_file_location("stand_in", ROOT / "backends/onnxruntime/model.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TritonPythonModel


@pytest.fixture
def model(backend, tmp_path):
    """Serve y = x + x over (batch, n), with at most six elements of x."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", "n"]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "g", [x], [y])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made.ir_version = 9
    (tmp_path / "1").mkdir()
    onnx.save(made, str(tmp_path / "1/model.onnx"))
    config = {
        "name": "adder",
        "default_model_filename": "",
        "max_batch_size": 8,
        "input": [{"name": "x", "data_type": "TYPE_FP32", "dims": ["-1"]}],
        "output": [{"name": "y", "data_type": "TYPE_FP32", "dims": ["-1"]}],
        "parameters": {"max_elements.x": {"string_value": "6"}},
    }
    served = backend()
    served.initialize(
        {
            "model_config": json.dumps(config),
            "model_repository": str(tmp_path),
            "model_version": "1",
            "model_instance_kind": "CPU",
            "model_instance_device_id": "0",
        }
    )
    return served


@pytest.fixture
def rows(request_of):
    def make(*shape, cancelled=False):
        request = request_of(None, cancelled=cancelled)
        request.tensors["x"] = pb_utils.Tensor("x", np.ones(shape, np.float32))
        request.requested_output_names = lambda: ["y"]
        return request

    return make


def test_requests_are_answered_in_order_even_if_others_fail(model, rows, answer_of):
    requests = [rows(1, 2), rows(1, 7), rows(1, 2, cancelled=True), rows(1, 0), rows(2, 3), rows(1, 2)]
    answers = [answer_of(response) for response in model.execute(requests)]
    assert answers == [
        ("y", [[2.0, 2.0]]),
        (
            "INVALID_ARG",
            "x: expected at most 6 elements in a request, got 7 (shape [1, 7]); send smaller requests.",
        ),
        ("CANCELLED", "cancelled by the client"),
        ("INVALID_ARG", "x: expected at least one element, got shape [1, 0]; send at least one."),
        ("y", [[2.0] * 3] * 2),
        ("y", [[2.0, 2.0]]),
    ]


def test_no_two_responses_share_an_error(model, rows):
    """Triton 2.51 would free a shared error while it is read, and crash."""
    responses = model.execute([rows(1, 2, cancelled=True) for _ in range(3)])
    assert len({id(response.error) for response in responses}) == 3


def test_an_input_that_cannot_be_read_fails_alone(model, rows, answer_of, log):
    requests = [rows(1, 2), rows(1, 2)]
    del requests[0].tensors["x"]
    first, second = map(answer_of, model.execute(requests))
    assert first == ("INTERNAL", "internal error (KeyError); the server's log has the details.")
    assert second == ("y", [[2.0, 2.0]])
