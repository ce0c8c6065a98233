"""How many requests and WebSockets are served at a time, and how long a WebSocket may be quiet."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tritone_gateway.errors import UnavailableError
from tritone_gateway.observability.requests import WATCHING
from tritone_gateway.security.asgi import refuse
from tritone_gateway.settings.limits import LimitSettings

_RETRY_S = 1
_POLICY_VIOLATION = 1008  # close code of WebSockets


class Capacity:
    """ASGI middleware that turns away what is more than the gateway serves at a time."""

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app = app
        self._limit = {"http": limits.max_requests, "websocket": limits.max_websockets}
        self._served = {"http": 0, "websocket": 0}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or WebSocket."""
        kind = scope["type"]
        # Whoever watches the gateway must reach it when it is full.
        if kind not in self._served or scope["path"].startswith(WATCHING):
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
        watch = _Watch(send, self._idle_s)

        async def receive_and_note() -> Message:
            message = await receive()
            watch.heard()
            return message

        try:
            await self._app(scope, receive_and_note, watch.send)
        finally:
            watch.stop()


class _Watch:
    """Closes one WebSocket when nothing was heard for a while; its client's answer ends the application."""

    def __init__(self, send: Send, idle_s: float) -> None:
        self._send, self._idle_s = send, idle_s
        self._loop = asyncio.get_running_loop()
        self._heard = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._closing: asyncio.Task[None] | None = None

    def heard(self) -> None:
        """A message came."""
        self._heard = self._loop.time()

    async def send(self, message: Message) -> None:
        """Pass on what the application sends, until the WebSocket is closed."""
        if self._closing is not None:
            return
        if message["type"] == "websocket.accept":
            self._timer = self._loop.call_later(self._idle_s, self._look)
        elif message["type"] == "websocket.close":
            self.stop()
        await self._send(message)

    def stop(self) -> None:
        """The application has ended."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        left = self._heard + self._idle_s - self._loop.time()
        if left > 0:
            self._timer = self._loop.call_later(left, self._look)
        else:
            self._closing = self._loop.create_task(self._close())

    async def _close(self) -> None:
        reason = f"no message for {self._idle_s:g} s"
        await self._send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": reason})
