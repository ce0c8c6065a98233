"""A server that is ready and answers nothing else."""

from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from tritonclient.grpc import service_pb2, service_pb2_grpc

from perf.instruments.connection import Connection
from perf.instruments.errors import MeasurementError


class OnlyReady(service_pb2_grpc.GRPCInferenceServiceServicer):
    def ServerReady(self, request, context):  # noqa: N802
        return service_pb2.ServerReadyResponse(ready=True)


@pytest.fixture
def connection():
    server = grpc.server(ThreadPoolExecutor(1))
    service_pb2_grpc.add_GRPCInferenceServiceServicer_to_server(OnlyReady(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    found = Connection(f"127.0.0.1:{port}")
    yield found
    found.close()
    server.stop(None)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        (Connection.models, "server: expected its models' statistics"),
        (Connection.version, "server: expected its version"),
        (lambda connection: connection.config("asr_windows"), "asr_windows: expected its config"),
        (lambda connection: connection.parameters("asr_windows"), "asr_windows: expected its config"),
    ],
)
def test_an_unanswered_question_is_named(connection, question, named):
    with pytest.raises(MeasurementError, match=f"{named} within 10 s, got StatusCode.UNIMPLEMENTED"):
        question(connection)


def test_an_address_without_a_server_is_named():
    with pytest.raises(MeasurementError, match=r"server: expected Triton's gRPC endpoint at 127\.0\.0\.1:9"):
        Connection("127.0.0.1:9")
