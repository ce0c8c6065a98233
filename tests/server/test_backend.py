"""The ONNX Runtime stand-in on the real server, with graphs made for the purpose."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import pytest
import tritonclient.grpc as triton
from onnx import TensorProto, helper
from tritonclient.utils import InferenceServerException

from tritone.server import Ports, ServerOptions, TritonServer

from .conftest import stand_in_only, tensor

LOOKUP = """
name: "{name}"
backend: "onnxruntime"
max_batch_size: {batch}
input {{ name: "index" data_type: TYPE_INT64 dims: [ -1 ] }}
output {{ name: "value" data_type: TYPE_FP32 dims: [ -1 ] }}
default_model_filename: "table.onnx"
instance_group {{ count: 3 kind: KIND_CPU }}
optimization {{ graph {{ level: 1 }} }}
parameters {{ key: "execution_mode" value: {{ string_value: "1" }} }}
parameters {{ key: "enable_mem_arena" value: {{ string_value: "0" }} }}
{batching}
model_warmup {{
  name: "first entry"
  batch_size: {warm}
  inputs {{ key: "index" value: {{ data_type: TYPE_INT64 dims: [ 1 ] zero_data: true }} }}
}}
"""


def lookup_graph(shape):
    """Look indices up in the table 0, 10, .. 90; an index outside is an error of the graph itself."""
    table = helper.make_tensor("table", TensorProto.FLOAT, [10], np.arange(0, 100, 10, dtype=np.float32))
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "index"], ["value"])],
        "lookup",
        [helper.make_tensor_value_info("index", TensorProto.INT64, shape)],
        [helper.make_tensor_value_info("value", TensorProto.FLOAT, shape)],
        [table],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    return model


@pytest.fixture(scope="module")
def lookup(tmp_path_factory):
    repository = tmp_path_factory.mktemp("repository")
    for name, batch, shape in (("batched", 8, ["B", "N"]), ("unbatched", 0, ["N"])):
        version = repository / name / "1"
        version.mkdir(parents=True)
        batching = "dynamic_batching { max_queue_delay_microseconds: 20000 }" if batch else ""
        config = LOOKUP.format(name=name, batch=batch, batching=batching, warm=min(batch, 1))
        (repository / name / "config.pbtxt").write_text(config)
        onnx.save(lookup_graph(shape), str(version / "table.onnx"))
    with TritonServer(ServerOptions(repositories=[repository], ports=Ports.free())) as server:
        client = triton.InferenceServerClient(server.grpc_url)

        def call(model, index):
            return client.infer(model, [tensor("index", np.array(index, np.int64))]).as_numpy("value")

        yield call


def test_model_without_batch_dimension(lookup):
    np.testing.assert_array_equal(lookup("unbatched", [3, 1]), [30, 10])


def test_rows_of_one_request(lookup):
    np.testing.assert_array_equal(lookup("batched", [[3, 1], [0, 9]]), [[30, 10], [0, 90]])


def test_requests_that_meet_in_a_batch_keep_their_own_answers(lookup):
    wanted = [[[index % 10] * (1 + index % 3)] for index in range(48)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda index: lookup("batched", index), wanted))
    for index, answer in zip(wanted, answers, strict=True):
        np.testing.assert_array_equal(answer, 10 * np.array(index))


@stand_in_only  # the native backend fails the whole batch
def test_request_that_the_graph_refuses_fails_alone(lookup):
    def call(index):
        try:
            return lookup("batched", [[index]])
        except InferenceServerException as error:
            return error

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, [1, 2, 99, 3, 4, 5, 6, 7]))
    assert isinstance(answers.pop(2), InferenceServerException)
    assert [float(answer[0, 0]) for answer in answers] == [10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("index", [[1, 2], [[[1]]], [[1]] * 9])
def test_shape_that_the_config_does_not_allow_is_refused(lookup, index):
    with pytest.raises(InferenceServerException) as refused:
        lookup("batched", index)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
