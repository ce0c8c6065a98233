"""How many requests and WebSockets are served at a time, and how long a WebSocket may be quiet."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tritone_gateway.errors import UnavailableError
from tritone_gateway.security.asgi import refuse
from tritone_gateway.settings.limits import LimitSettings

_RETRY_S = 1
_POLICY_VIOLATION = 1008  # close code of WebSockets
# Whoever watches the gateway must reach it when it is full.
_ALWAYS_SERVED = ("/health/", "/metrics")


class Capacity:
    """ASGI middleware that turns away what is more than the gateway serves at a time."""

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app = app
        self._limit = {"http": limits.max_requests, "websocket": limits.max_websockets}
        self._served = {"http": 0, "websocket": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or WebSocket."""
        kind = scope["type"]
        if kind not in self._served or scope["path"].startswith(_ALWAYS_SERVED):
            return await self._app(scope, receive, send)
        if self._served[kind] >= self._limit[kind]:
            error = UnavailableError(
                "The gateway serves as many requests as it can at a time; send this one again.",
                retry_after_s=_RETRY_S,
            )
            return await refuse(error, scope, receive, send)
        self._served[kind] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._served[kind] -= 1


class IdleWebSockets:
    """ASGI middleware that closes WebSockets whose client sends no message for too long."""

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app, self._idle_s = app, limits.websocket_idle_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket; pass on anything else."""
        if scope["type"] != "websocket":
            return await self._app(scope, receive, send)
        closed = False

        async def receive_in_time() -> Message:
            nonlocal closed
            try:
                return await asyncio.wait_for(receive(), self._idle_s)
            except asyncio.TimeoutError:
                reason = f"no message for {self._idle_s:g} s"
                if not closed:
                    closed = True
                    await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
                return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION, "reason": reason}

        async def send_while_open(message: Message) -> None:
            if not closed:
                await send(message)

        await self._app(scope, receive_in_time, send_while_open)
