"""OpenTelemetry traces, where the settings name a collector: a span for each request and each call of Triton.

Spans carry the method, the route's template and the status; never paths, queries, texts or keys.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tritone_gateway.errors import StartupError
from tritone_gateway.observability.requests import WATCHING, WEBSOCKET, route_of

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_NAME = "tritone_gateway"
_INTERNAL, _UNEXPECTED = 500, 1011  # statuses of failed requests and WebSockets


@dataclass(frozen=True)
class Tracing:
    """Where spans go."""

    tracer: Tracer
    stop: Callable[[], None]  #: sends what is left; blocks


def tracing(endpoint: str) -> Tracing:
    """Return tracing to a collector.

    Args:
        endpoint: http://HOST:PORT of a collector that takes OTLP over HTTP.

    Raises:
        StartupError: the packages are not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise StartupError(
            f"otlp_endpoint: expected the packages of OpenTelemetry, {error.name} is not installed; run "
            "`pip install 'tritone-gateway[telemetry]'`, or leave the setting out."
        ) from error
    provider = TracerProvider(resource=Resource.create({"service.name": "tritone-gateway"}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return Tracing(provider.get_tracer(_NAME), provider.shutdown)


class TracingMiddleware:
    """A span for each request, below the caller's where it sends `traceparent`."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        from opentelemetry.trace import SpanKind, Status, StatusCode

        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(WATCHING):
            return await self._app(scope, receive, send)
        headers = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]
        with self._tracer.start_as_current_span(
            method,
            context=self._propagator.extract(headers),
            kind=SpanKind.SERVER,
            record_exception=False,  # its message may quote somebody's words
            set_status_on_exception=False,
        ) as span:

            async def watched(message: Message) -> None:
                if message["type"] == "http.response.start":
                    span.set_attribute("http.response.status_code", message["status"])
                    if message["status"] >= _INTERNAL:
                        span.set_status(Status(StatusCode.ERROR))
                elif message["type"] == "websocket.close":
                    code = message.get("code", 1000)
                    span.set_attribute("websocket.close_code", code)
                    if code == _UNEXPECTED:
                        span.set_status(Status(StatusCode.ERROR))
                await send(message)

            try:
                await self._app(scope, receive, watched)
            finally:
                route = route_of(scope)
                span.update_name(f"{method} {route}")
                span.set_attribute("http.request.method", method)
                span.set_attribute("http.route", route)
                span.set_attribute("tritone.request_id", scope["state"]["request_id"])
