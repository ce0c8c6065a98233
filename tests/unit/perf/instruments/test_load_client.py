import threading
from concurrent import futures

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import serialize_byte_tensor

from perf.bench.bare import Arrangement, arrangements
from perf.instruments.clips import LONGEST_S, SHORTEST_S, equal_clips, mixed_clips
from perf.instruments.load_client import LoadClient, output_text, serialised
from tritone.contract import SAMPLE_RATE_HZ


class Service(service_pb2_grpc.GRPCInferenceServiceServicer):
    """Answers with the number of samples it was sent; refuses one sample."""

    def __init__(self, together):
        self.barrier = threading.Barrier(together, timeout=30)

    def ModelInfer(self, request, context):  # noqa: N802
        audio = np.frombuffer(request.raw_input_contents[0], np.float32).reshape(request.inputs[0].shape)
        (length,) = np.frombuffer(request.raw_input_contents[1], np.int64)
        if length == 1:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "too short")
        self.barrier.wait()
        assert audio.shape == (1, length)
        response = service_pb2.ModelInferResponse(model_name=request.model_name)
        for name, text in (("transcript", "no"), ("text", f"{length} zwölf")):
            response.outputs.add(name=name, datatype="BYTES", shape=[1, 1])
            data = serialize_byte_tensor(np.array([text.encode()], dtype=object))
            response.raw_output_contents.append(data.item())
        return response


@pytest.fixture
def url():
    server = grpc.server(futures.ThreadPoolExecutor(4))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(Service(together=2), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(None).wait()


def clip(samples):
    return np.zeros(samples, np.float32)


def test_requests_are_sent_at_the_given_concurrency_and_answered_in_order(url):
    # The service answers only when two requests wait at the same time.
    with LoadClient(url, 2) as client:
        answers = client.answers([serialised(clip(samples)) for samples in (10, 20, 30, 40)])
    assert [output_text(answer) for answer in answers] == [f"{samples} zwölf" for samples in (10, 20, 30, 40)]


def test_a_failed_request_ends_the_measurement(url):
    with LoadClient(url, 1) as client, pytest.raises(grpc.RpcError, match="too short"):
        client.answers([serialised(clip(1))])


def test_equal_clips_are_equally_long_and_differ():
    clips = equal_clips(4, seconds=2.0)
    assert {clip.size for clip in clips} == {2 * SAMPLE_RATE_HZ}
    assert len({clip.tobytes() for clip in clips}) == 4


def test_mixed_clips_are_the_same_in_every_run_and_inside_their_bounds():
    first, second = mixed_clips(), mixed_clips()
    for _ in range(50):
        one = next(first)
        assert np.array_equal(one, next(second))
        assert SHORTEST_S * SAMPLE_RATE_HZ - 1 <= one.size <= LONGEST_S * SAMPLE_RATE_HZ + 1


def test_arrangements_use_all_cores():
    assert arrangements(4) == [Arrangement(4, 1), Arrangement(2, 2), Arrangement(1, 4)]
