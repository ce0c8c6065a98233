"""What Envoy forwards with the proxy's configuration, as recorded by upstream servers."""

from __future__ import annotations

import http.client
import socket
import struct
import threading

import grpc
import numpy as np
import pytest
from tritonclient.grpc import service_pb2

from deploy.proxy_config import CONNECTIONS
from deploy.proxy_routes import PublicApi
from tritone.server import Ports

from .local_proxy import local_proxy
from .raw_grpc import call as raw_call
from .upstreams import SERVICE, UNLIMITED, GrpcUpstream, HttpUpstream

API = PublicApi(["punctuate", "text_to_speech"], largest_body_bytes=2 << 20, largest_json_bytes=1000)
PRIVATE = "asr_windows"  # a model inside pipelines
CALLS = ("ModelReady", "ModelMetadata", "ModelStatistics", "ModelInfer")


class Caller:
    def __init__(self, ports, grpc_upstream, http_upstream):
        self.ports = ports
        self.grpc, self.http = grpc_upstream, http_upstream
        self.channel = grpc.insecure_channel(f"127.0.0.1:{ports.grpc}", options=UNLIMITED)

    def call(self, method, request, service=SERVICE, **options):
        """Send the bytes of a message; return OK or the status, and the response or the reason."""
        try:
            return "OK", self.channel.unary_unary(service + method)(request, timeout=20, **options)
        except grpc.RpcError as error:
            return error.code().name, error.details()

    def stream(self, requests):
        """Send messages in a stream; return the ids of the responses, and OK or the status."""
        answered = []
        try:
            for answer in self.channel.stream_stream(SERVICE + "ModelStreamInfer")(requests, timeout=20):
                read = service_pb2.ModelStreamInferResponse.FromString(answer)
                answered.append(read.infer_response.id)
        except grpc.RpcError as error:
            return answered, error.code().name
        return answered, "OK"

    def request(self, method, path, body=None, chunked=False, **headers):
        """Send an HTTP request; return the status and the body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports.http, timeout=20)
        named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        connection.request(method, path, body, named, encode_chunked=chunked)
        answer = connection.getresponse()
        found = answer.status, answer.read().decode()
        connection.close()
        return found


@pytest.fixture(scope="module")
def shared():
    grpc_upstream, http_upstream, metrics = GrpcUpstream(), HttpUpstream(), HttpUpstream()
    with local_proxy(Ports(http_upstream.port, grpc_upstream.port, metrics.port), API) as ports:
        made = Caller(ports, grpc_upstream, http_upstream)
        yield made
        made.channel.close()
    for upstream in (grpc_upstream, http_upstream, metrics):
        upstream.stop()


@pytest.fixture
def proxy(shared):
    shared.grpc.seen.clear()
    shared.http.seen.clear()
    return shared


def inference(model, content=b"", **fields):
    return service_pb2.ModelInferRequest(
        model_name=model, raw_input_contents=[content], **fields
    ).SerializeToString()


@pytest.mark.parametrize("model", ["punctuate", "text_to_speech", "punctuate_canary"])
def test_public_pipelines_are_reached_over_grpc(proxy, model):
    for method in CALLS:
        assert proxy.call(method, inference(model))[0] == "OK"
    assert proxy.grpc.seen == [model] * len(CALLS)


@pytest.mark.parametrize("method", ["ServerLive", "ServerReady", "ServerMetadata"])
def test_server_health_is_public_over_grpc(proxy, method):
    assert proxy.call(method, b"") == ("OK", b"")
    assert proxy.grpc.seen == [method]


@pytest.mark.parametrize(
    "model", [PRIVATE, "", "punctuate2", "punctuat", "PUNCTUATE", "a" * 200, "punctuate\0"]
)
def test_other_models_are_refused_over_grpc(proxy, model):
    for method in CALLS:
        status, reason = proxy.call(method, inference(model))
        assert status == "PERMISSION_DENIED"
        assert reason.startswith("proxy: expected ")
        assert "punctuate, text_to_speech" in reason
    assert proxy.grpc.seen == []


@pytest.mark.parametrize(
    "method",
    [
        "RepositoryIndex",
        "RepositoryModelLoad",
        "RepositoryModelUnload",
        "SystemSharedMemoryRegister",
        "SystemSharedMemoryStatus",
        "SystemSharedMemoryUnregister",
        "CudaSharedMemoryRegister",
        "CudaSharedMemoryStatus",
        "TraceSetting",
        "LogSettings",
        "ModelConfig",
        "modelinfer",
        "NoSuchCall",
    ],
)
def test_control_is_refused_over_grpc(proxy, method):
    assert proxy.call(method, inference("punctuate"))[0] == "PERMISSION_DENIED"
    assert proxy.grpc.seen == []


def test_last_of_repeated_names_decides(proxy):
    public, closed = inference("punctuate", b"x" * 100_000), inference(PRIVATE)
    assert proxy.call("ModelInfer", public + closed)[0] == "PERMISSION_DENIED"
    assert proxy.call("ModelInfer", closed + public)[0] == "PERMISSION_DENIED"
    assert proxy.grpc.seen == []
    assert proxy.call("ModelInfer", public + inference("text_to_speech"))[0] == "OK"
    assert proxy.grpc.seen == ["text_to_speech"]


def test_name_after_another_field_is_refused(proxy):
    assert proxy.call("ModelInfer", field(3, b"id") + inference("punctuate"))[0] == "PERMISSION_DENIED"
    assert proxy.grpc.seen == []


@pytest.mark.parametrize(
    "message",
    [
        bytes([0x8A, 0x00]) + b"\x05punct",  # field 1 with an overlong tag, and another name
        b"\x08\x01",  # field 1 as a number
        b"\x0b\x0c",  # a group
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",  # a length past the end of the message
        b"\x0a\x09punctuate\x3a\x7f",  # the same, in a later field
        b"\x0a\x09punctuate\x00\x00",  # field 0
        b"\x0a\x09punctuate\x3a",  # truncated
    ],
)
def test_malformed_messages_are_not_forwarded(proxy, message):
    assert proxy.call("ModelInfer", message)[0] in ("PERMISSION_DENIED", "INVALID_ARGUMENT", "INTERNAL")
    assert proxy.grpc.seen == []


def test_every_message_of_a_stream_is_checked(proxy):
    names = ["punctuate", "text_to_speech", PRIVATE, "punctuate"]
    requests = [inference(name, id=str(number)) for number, name in enumerate(names)]
    assert proxy.stream(iter(requests)) == (["0", "1"], "PERMISSION_DENIED")
    assert proxy.grpc.seen == names[:2]


def test_refused_stream_ends_although_its_caller_keeps_it_open(proxy):
    ended, caller_done = threading.Event(), threading.Event()

    def requests():
        yield inference(PRIVATE)
        ended.wait(15)
        caller_done.set()

    assert proxy.stream(requests()) == ([], "PERMISSION_DENIED")
    assert not caller_done.is_set()
    ended.set()


def test_streams_are_forwarded_unchanged(proxy):
    random = np.random.default_rng(1)
    requests = [
        inference("punctuate", random.bytes(size), id=str(number))
        for number, size in enumerate([0, 1, 20_000, 3, 900_000, 0, 65_530])
    ]
    assert proxy.stream(iter(requests)) == ([str(number) for number in range(len(requests))], "OK")


def test_calls_in_frames_of_any_size_are_forwarded(proxy):
    message = inference("punctuate", b"content" * 3) + inference("text_to_speech", b"", id="more")
    body = framed(message) * 2
    for size in (1, 2, 3, 7, 50):
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        raw_call(proxy.ports.grpc, SERVICE + "ModelStreamInfer", pieces)
    assert proxy.grpc.seen == ["text_to_speech"] * 10


def test_calls_for_other_models_in_frames_of_any_size_are_refused(proxy):
    body = framed(inference("punctuate", b"content")) + framed(
        inference("punctuate", b"content" * 3) + inference(PRIVATE)
    )
    for size in (1, 2, 3, 7, 50):
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        raw_call(proxy.ports.grpc, SERVICE + "ModelStreamInfer", pieces)
    assert proxy.grpc.seen == ["punctuate"] * 5


def test_corrupted_messages_never_reach_a_private_model(proxy):
    """Any name that protobuf would parse is public, or the message is not forwarded."""
    random = np.random.default_rng(7)
    for _ in range(60):
        message = bytearray(inference("punctuate", random.bytes(30), id="1") + inference("text_to_speech"))
        for place in random.integers(0, len(message), 3):
            message[place] = random.integers(0, 256)
        proxy.call("ModelInfer", bytes(message))
    assert set(proxy.grpc.seen) <= {"punctuate", "text_to_speech"}


def test_too_long_messages_are_refused_over_grpc(proxy):
    status, reason = proxy.call("ModelInfer", inference("punctuate", b"x" * API.largest_body_bytes))
    assert status == "RESOURCE_EXHAUSTED"
    assert reason.startswith(f"proxy: expected a message of at most {API.largest_body_bytes} bytes, got ")
    assert proxy.call("ModelInfer", inference("punctuate", b"x" * (API.largest_body_bytes - 100)))[0] == "OK"


def test_compressed_messages_are_refused_over_grpc(proxy):
    request = inference("punctuate", b"x" * 1000)
    assert proxy.call("ModelInfer", request, compression=grpc.Compression.Gzip)[0] == "UNIMPLEMENTED"
    assert proxy.grpc.seen == []


@pytest.mark.parametrize(
    "path",
    ["/v2", "/v2/health/live", "/v2/health/ready"]
    + [
        f"/v2/models/{model}{version}{rest}"
        for model in ("punctuate", "text_to_speech_canary")
        for version in ("", "/versions/1")
        for rest in ("", "/ready", "/stats")
    ],
)
def test_health_and_metadata_are_public_over_http(proxy, path):
    assert proxy.request("GET", path)[0] == 200
    assert proxy.http.seen == [("GET", path, 0)]


@pytest.mark.parametrize("path", ["/v2/models/punctuate/infer", "/v2/models/text_to_speech/versions/1/infer"])
def test_public_pipelines_are_reached_over_http(proxy, path):
    assert proxy.request("POST", path, b"{}")[0] == 200
    binary = b"{}" + bytes(500_000)
    assert proxy.request("POST", path, binary, inference_header_content_length=2)[0] == 200
    assert proxy.http.seen == [("POST", path, 2), ("POST", path, len(binary))]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"/v2/models/{PRIVATE}/infer"),
        ("POST", "/v2/models/punctuate/generate"),
        ("POST", "/v2/models/punctuate/generate_stream"),
        ("POST", "/v2/models//infer"),
        ("POST", f"/v2/models/punctuate/../{PRIVATE}/infer"),
        ("POST", f"/v2/models/punctuate%2f..%2f{PRIVATE}/infer"),
        ("POST", f"//v2/models/{PRIVATE}/infer"),
        ("POST", f"/v2/models/{PRIVATE}/infer?/v2/models/punctuate/infer"),
        ("POST", "/v2/models/punctuate/versions/1/../../../repository/index"),
        ("GET", f"/v2/models/{PRIVATE}"),
        ("GET", f"/v2/models/{PRIVATE}/ready"),
        ("GET", "/v2/models/punctuate/config"),
        ("GET", "/v2/models/stats"),
        ("POST", "/v2/repository/index"),
        ("POST", "/v2/repository/models/punctuate/unload"),
        ("POST", "/v2/systemsharedmemory/region/a/register"),
        ("GET", "/v2/systemsharedmemory/status"),
        ("GET", "/v2/cudasharedmemory/status"),
        ("GET", "/v2/trace/setting"),
        ("POST", "/v2/models/punctuate/trace/setting"),
        ("POST", "/v2/logging"),
        ("GET", "/metrics"),
        ("DELETE", "/v2/models/punctuate"),
        ("PUT", "/v2/models/punctuate/infer"),
        ("GET", "/"),
    ],
)
def test_everything_else_is_refused_over_http(proxy, method, path):
    status, body = proxy.request(method, path, b"{}" if method == "POST" else None)
    assert status in (400, 403)
    assert status == 400 or '{"error": "proxy: expected ' in body
    assert proxy.http.seen == []


def test_bodies_over_http_are_limited(proxy):
    path = "/v2/models/punctuate/infer"
    for body, headers, status in (
        (b"x" * 1001, {}, 413),
        (b"x" * 1500, {"inference_header_content_length": 1001}, 413),
        (b"x" * ((2 << 20) + 1), {"inference_header_content_length": 5}, 413),
        (b"x" * 10, {"content_encoding": "gzip"}, 415),
        (iter([b"{}"]), {"transfer_encoding": "chunked"}, 411),
    ):
        assert (
            proxy.request("POST", path, body, chunked="transfer_encoding" in headers, **headers)[0] == status
        )
    assert proxy.http.seen == []


def test_body_of_a_request_that_needs_none_is_limited(proxy):
    chunks = iter([b"x" * 1000] * 200)
    assert proxy.request("GET", "/v2", chunks, chunked=True, transfer_encoding="chunked")[0] == 413
    assert proxy.http.seen == []


def test_metrics_port_gives_only_metrics(proxy):
    for path, status in (("/metrics", 200), ("/v2/health/live", 403)):
        connection = http.client.HTTPConnection("127.0.0.1", proxy.ports.metrics, timeout=10)
        connection.request("GET", path)
        assert connection.getresponse().status == status
        connection.close()


def test_headers_that_never_end_time_out(proxy):
    with socket.create_connection(("127.0.0.1", proxy.ports.http), timeout=30) as connection:
        connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: a\r\n")
        assert connection.recv(1000).startswith(b"HTTP/1.1 408")


def test_connections_beyond_the_limit_are_closed(proxy):
    """The metrics port has the smallest limit."""
    opened = [
        socket.create_connection(("127.0.0.1", proxy.ports.metrics), 10)
        for _ in range(CONNECTIONS["metrics"])
    ]
    try:
        with socket.create_connection(("127.0.0.1", proxy.ports.metrics), 10) as one_more:
            assert one_more.recv(1) == b""
    finally:
        for connection in opened:
            connection.close()


def field(number, content):
    return bytes([number << 3 | 2, len(content)]) + content


def framed(message):
    return struct.pack(">BI", 0, len(message)) + message
