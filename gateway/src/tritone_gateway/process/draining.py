"""An orderly stop: running requests are finished, new ones are refused."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from tritone_gateway import error_forms
from tritone_gateway.errors import UnavailableError

SERVICE_RESTART = 1012  # close code of a WebSocket whose server stops
_HEALTH = "/health/"
_RETRY_S = 5  # by then another process should have taken over


class Draining:
    """Whether the process is stopping, and what is still running.

    Long-lived connections (WebSockets) wait for `started`, send what is left and close with
    `SERVICE_RESTART`.
    """

    def __init__(self) -> None:
        self.started = asyncio.Event()  #: the process has been asked to stop
        self.refusing = False  #: whether new requests are turned away
        self.running = 0  #: requests and WebSockets
        self._finished = asyncio.Event()

    def begin(self) -> None:
        """The process has been asked to stop: it is not ready any more."""
        self.started.set()

    async def finish(self, longest_s: float) -> bool:
        """Refuse new requests and wait for the running ones; return whether all were finished in time."""
        self.refusing = True
        if self.running == 0:
            return True
        try:
            await asyncio.wait_for(self._finished.wait(), longest_s)
        except asyncio.TimeoutError:
            return False
        return True

    def enter(self) -> None:
        """A request begins."""
        self.running += 1

    def leave(self) -> None:
        """A request has ended."""
        self.running -= 1
        if self.refusing and self.running == 0:
            self._finished.set()


class DrainingMiddleware:
    """Counts what is running, and turns new requests away once the process stops."""

    def __init__(self, app: ASGIApp, draining: Draining) -> None:
        self._app = app
        self._draining = draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] not in ("http", "websocket") or scope["path"].startswith(_HEALTH):
            return await self._app(scope, receive, send)
        if self._draining.refusing:
            return await _refuse(scope, receive, send)
        self._draining.enter()
        try:
            await self._app(scope, receive, send)
        finally:
            self._draining.leave()


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    error = UnavailableError("The gateway is stopping; send the request again.", retry_after_s=_RETRY_S)
    if scope["type"] == "http":
        response = error_forms.response(scope["path"], error)
        response.headers["Connection"] = "close"
        await response(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": SERVICE_RESTART, "reason": error.message})
