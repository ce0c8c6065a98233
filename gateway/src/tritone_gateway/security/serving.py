"""What security asks of the server and of the application around its APIs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from tritone_gateway.security.bodies import BodyLimits
from tritone_gateway.security.capacity import Capacity, IdleWebSockets
from tritone_gateway.security.connections import limited, limited_websocket
from tritone_gateway.security.headers import SecurityHeaders
from tritone_gateway.security.identification import Identification
from tritone_gateway.security.origins import LOOPBACK_NAMES, KnownHosts, OwnOrigin
from tritone_gateway.security.tls import server_context
from tritone_gateway.settings import Settings
from tritone_gateway.settings.access import is_loopback, keys_required


def server_options(settings: Settings) -> dict[str, Any]:
    """Return the options of `uvicorn.Config` that limit connections and set up TLS.

    Raises:
        StartupError: the certificate cannot be used.
    """
    options: dict[str, Any] = {
        "http": limited(settings),
        "ws": limited_websocket(settings),
        # Audio that came faster than it is recognised waits before the answer to a ping.
        "ws_ping_timeout": settings.websocket_idle_s,
        "ws_max_size": settings.max_websocket_message_bytes,
        "ws_per_message_deflate": False,  # audio does not shrink, and small messages could become large ones
        "server_header": False,
    }
    context = server_context(settings)
    if context is not None:
        options["ssl_context_factory"] = lambda _config, _default: context
    return options


def install(app: FastAPI, settings: Settings) -> None:
    """Add the middlewares; the last one sees a request first."""
    app.add_middleware(Identification)
    app.add_middleware(BodyLimits, limits=settings)
    app.add_middleware(IdleWebSockets, limits=settings)
    app.add_middleware(Capacity, limits=settings)
    if not keys_required(settings.gateway_address, settings):
        app.add_middleware(OwnOrigin, allowed=frozenset(settings.cors_origins))
        if is_loopback(settings.gateway_address):
            app.add_middleware(KnownHosts, names=LOOPBACK_NAMES | set(settings.host_names))
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Range", "X-API-Key"],
            expose_headers=["Content-Range", "Retry-After"],
        )
    app.add_middleware(SecurityHeaders, shared=bool(settings.cors_origins))
