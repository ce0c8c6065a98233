"""Traces that a real OTLP exporter sends to a collector of the test's own."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from tritone_gateway.errors import StartupError
from tritone_gateway.observability.traces import tracing
from tritone_gateway.settings import Settings

from tests.gateway.audio.recordings import SAMPLE
from tests.gateway.serving import RunningGateway

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def collector():
    """A collector's address, and the spans that it has got."""
    spans = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            request = trace_service.ExportTraceServiceRequest()
            request.ParseFromString(self.rfile.read(int(self.headers["Content-Length"])))
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    spans.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", spans
    server.shutdown()
    server.server_close()


def attributes(span):
    return {
        each.key: each.value.string_value or each.value.int_value or each.value.double_value
        for each in span.attributes
    }


def test_request_and_its_call_of_triton_are_spans_below_the_callers(server, collector):
    endpoint, spans = collector
    with RunningGateway(Settings(triton_url=server.grpc_url, otlp_endpoint=endpoint)) as gateway:
        answer = httpx.post(
            f"{gateway.url}/v1/audio/transcriptions",
            files={"file": ("diary.flac", SAMPLE.read_bytes())},
            data={"model": "whisper-1"},
            headers={"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01", "X-Request-ID": "one"},
            timeout=60,
        )
        httpx.get(f"{gateway.url}/health/live")
    named = {span.name: span for span in spans}  # sent at the latest when the gateway stops
    request = named.pop("POST /v1/audio/transcriptions")
    assert request.trace_id.hex() == CALLER
    assert request.parent_span_id.hex() == "00f067aa0ba902b7"
    assert attributes(request)["http.response.status_code"] == 200
    assert attributes(request)["tritone.request_id"] == "one"
    call = named["triton transcribe"]
    assert call.parent_span_id == request.span_id
    assert attributes(call)["tritone.audio_s"] > 1
    assert not any("health" in name for name in named)
    shown = "".join(map(str, spans))
    words = [word for word in answer.json()["text"].split() if len(word) > 5]
    assert words
    assert not any(hidden in shown for hidden in ("diary", *words))


def test_missing_packages_are_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(StartupError, match=r"tritone-gateway\[telemetry\]"):
        tracing("http://127.0.0.1:4318")
