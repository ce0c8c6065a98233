"""The web server: one process that listens on one port and stops in order."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
from types import FrameType
from wsgiref.simple_server import WSGIServer

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server
from starlette.types import ASGIApp

from tritone_gateway.app import create_app
from tritone_gateway.backend import SpeechBackend
from tritone_gateway.errors import GatewayError, StartupError
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.observability.requests import ObservingMiddleware
from tritone_gateway.observability.traces import TracingMiddleware
from tritone_gateway.process.addresses import local_url
from tritone_gateway.process.draining import Draining
from tritone_gateway.security.serving import server_options
from tritone_gateway.settings import Settings

_BACKLOG = 2048
_ASKING_S = 1.0  # between questions whether Triton is ready
_CLOSING_S = 2  # for connections to be closed once their requests have ended
_log = logging.getLogger(__name__)


class GatewayServer(uvicorn.Server):
    """Serves the gateway until SIGINT or SIGTERM; a second one ends the process at once.

    Raises:
        StartupError: the address cannot be listened on, or something that the settings name cannot be used.
    """

    def __init__(self, settings: Settings, app: FastAPI | None = None) -> None:
        self._settings = settings
        self._app = app or create_app(settings)
        options = server_options(settings)
        self._socket = listen(settings.gateway_address, settings.gateway_port)
        scheme = "https" if settings.tls_certificate else "http"
        self.url = local_url(scheme, *self._socket.getsockname()[:2])
        self._addresses = {"page": f"{self.url}/", "documentation": f"{self.url}/docs"}
        self._metrics: WSGIServer | None = None
        self._announcing: asyncio.Task[None] | None = None
        super().__init__(
            uvicorn.Config(
                observed(self._app),
                log_config=None,
                access_log=False,
                lifespan="on",
                timeout_graceful_shutdown=_CLOSING_S,
                **options,
            )
        )

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve in the foreground."""
        try:
            super().run(sockets or [self._socket])
        except SystemExit:
            failure = getattr(self._app.state, "startup_error", None)
            if failure is None:
                raise
            raise failure from None
        finally:
            self._socket.close()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Open the services and listen."""
        if self._settings.metrics_port is not None:
            self._metrics = _serve_metrics(self._settings, self._app.state.metrics)
        await super().startup(sockets)
        _log.info("serving", extra={"fields": self._addresses})
        self._announcing = asyncio.create_task(self._announce_ready())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Be unready, then refuse new requests, finish the running ones and close the services."""
        draining: Draining = self._app.state.draining
        draining.begin()
        if self._announcing is not None:
            self._announcing.cancel()
        if self._settings.unready_s:
            _log.info("stopping soon, not ready any more", extra={"fields": {"s": self._settings.unready_s}})
            await asyncio.sleep(self._settings.unready_s)
        for server in self.servers:
            server.close()
        if draining.running:
            _log.info("finishing running requests", extra={"fields": {"running": draining.running}})
        if not await draining.finish(self._settings.drain_s):
            _log.warning(
                "requests were cut off: they ran longer than drain_s",
                extra={"fields": {"running": draining.running, "drain_s": self._settings.drain_s}},
            )
        await super().shutdown(sockets)
        if self._metrics is not None:
            await asyncio.to_thread(self._metrics.shutdown)
            self._metrics.server_close()
        _log.info("stopped")

    async def _announce_ready(self) -> None:
        """Say when requests can be served, with the addresses: Triton's start may have filled the screen."""
        backend: SpeechBackend = self._app.state.services.backend
        while True:
            try:
                await backend.check_ready()
                break
            except GatewayError:
                await asyncio.sleep(_ASKING_S)
        _log.info("ready", extra={"fields": self._addresses})

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Stop in order at the first signal, at once at the second."""
        if self.should_exit:
            _log.warning("ended at once by a second signal")
            logging.shutdown()
            os._exit(128 + sig)
        self.should_exit = True
        _log.info("stopping", extra={"fields": {"signal": signal.Signals(sig).name}})


def observed(app: FastAPI) -> ASGIApp:
    """Return an application whose requests are measured, logged and, where the settings say so, traced."""
    traces = app.state.traces
    inner = app if traces is None else TracingMiddleware(app, traces.tracer)
    return ObservingMiddleware(inner, app.state.metrics)


def _serve_metrics(settings: Settings, metrics: Metrics) -> WSGIServer:
    """Serve the metrics on a port of their own, from a thread."""
    address, port = settings.metrics_address, settings.metrics_port or 0
    try:
        server, _ = start_http_server(port, address, metrics.registry)
    except OSError as error:
        raise StartupError(
            f"metrics_address {address}, metrics_port {port}: expected a free port on an address of this "
            f"machine, got {error.strerror or error}; choose another (--metrics-address, --metrics-port)."
        ) from error
    return server


def listen(address: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises:
        StartupError: the address is not of this machine, or the port is in use or not allowed.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listener = socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise StartupError(
            f"address {address}, port {port}: expected a free port on an address of this machine, got "
            f"{error.strerror or error}; stop what listens there or choose another (--gateway-address, "
            "--gateway-port)."
        ) from error
    listener.setblocking(False)
    return listener
