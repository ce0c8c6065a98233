"""One look at every request: its id, its line in the log, its metrics."""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextvars import ContextVar
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tritone_gateway.observability.metrics import Metrics

HEADER = b"x-request-id"
UNMATCHED = "unmatched"  # route of a path that there is not
WEBSOCKET = "WEBSOCKET"  # method of a WebSocket
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ACCEPTABLE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
WATCHING = ("/health/", "/metrics")  #: paths of those who watch the gateway, asked all the time
_ABNORMAL = 1006  # close code of a WebSocket that ended without one
_log = logging.getLogger("tritone_gateway.requests")

request_id: ContextVar[str] = ContextVar("request_id", default="")  #: of the request that is served


class ObservingMiddleware:
    """Gives each request an id, logs it and counts it. It never looks into bodies, queries or file names."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        kind = scope["type"]
        if kind not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        request = _Request(scope, send)
        running = self._metrics.running[kind]
        running.inc()
        try:
            await self._app(scope, request.receive(receive) if kind == "websocket" else receive, request.send)
        except BaseException:
            request.failed()
            raise
        finally:
            running.dec()
            request.ended(self._metrics)


class _Request:
    """What is seen of one request."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._started = time.perf_counter()
        self._first_byte: float | None = None
        self._status = 0
        self._id = _id(scope)
        request_id.set(self._id)
        scope.setdefault("state", {})["request_id"] = self._id

    async def send(self, message: Message) -> None:
        """Pass a message on to the client."""
        kind = message["type"]
        if kind == "http.response.body":
            if self._first_byte is None:
                self._first_byte = time.perf_counter()
        elif kind in ("http.response.start", "websocket.accept"):
            self._status = message.get("status", 0)
            message["headers"] = [*message.get("headers", ()), (HEADER, self._id.encode())]
        elif kind == "websocket.close":
            self._status = message.get("code", 1000)
        elif kind == "websocket.http.response.start":
            self._status = message["status"]
        await self._send(message)

    def receive(self, receive: Receive) -> Receive:
        """Return a WebSocket's `receive` that notes the close code of the client."""

        async def watched() -> Message:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self._status = self._status or message.get("code", _ABNORMAL)
            return message

        return watched

    def failed(self) -> None:
        """The application raised before it had answered."""
        if not self._status:
            self._status = 500 if self._scope["type"] == "http" else 1011

    def ended(self, metrics: Metrics) -> None:
        """Log and count it."""
        now = time.perf_counter()
        scope = self._scope
        route = route_of(scope)
        websocket = scope["type"] == "websocket"
        status = self._status or (_ABNORMAL if websocket else 499)
        method = WEBSOCKET if websocket else scope["method"]
        if method not in _METHODS and not websocket:
            method = "OTHER"
        duration_s = now - self._started
        first_byte_s = None if self._first_byte is None else self._first_byte - self._started
        metrics.ended(method, route, status, duration_s, first_byte_s)
        level = logging.DEBUG if scope["path"].startswith(WATCHING) else logging.INFO
        if _log.isEnabledFor(level):
            fields: dict[str, Any] = {"method": method, "route": route, "status": status}
            caller = scope["state"].get("caller")
            if caller is not None:
                fields["key"] = caller.name
            fields["ms"] = round(duration_s * 1000, 1)
            _log.log(level, "request", extra={"fields": fields})


def _id(scope: Scope) -> str:
    """The id that the client or a proxy has given, or a new one."""
    for name, value in scope["headers"]:
        if name == HEADER and _ACCEPTABLE.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(8)


def route_of(scope: Scope) -> str:
    """Return the path of the route that a request was for, with the names of its parameters."""
    # The route itself does not know the prefixes of the routers that include it; FastAPI's own notes do.
    whole = scope.get("fastapi", {}).get("effective_route_context")
    return getattr(whole, "path_format", None) or getattr(scope.get("route"), "path", None) or UNMATCHED
