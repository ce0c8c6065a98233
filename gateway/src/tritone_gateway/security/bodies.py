"""Bodies of requests: how large, how slow, and how the connection ends where one is not read to its end."""

from __future__ import annotations

import asyncio
import time

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tritone_gateway import error_forms
from tritone_gateway.errors import BadRequestError, GatewayError, SlowClientError, TooLargeError
from tritone_gateway.security.asgi import header
from tritone_gateway.settings.limits import LimitSettings

# After an early response the rest of a body is read and dropped for a while: closing a connection with unread
# data resets it, and the client would lose the response.
LINGER_S, LINGER_BYTES = 2.0, 8_000_000


class BodyLimits:
    """ASGI middleware that ends requests whose body is too large or too slow.

    A declared length is checked before anything is read, any other while it is counted.
    """

    def __init__(self, app: ASGIApp, limits: LimitSettings) -> None:
        self._app, self._limits = app, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        body = _Body(scope, receive, send, self._limits)
        try:
            body.check_declared_length()
            await self._app(scope, body.receive, body.send)
        except (_RefusedError, ClientDisconnect):
            pass
        except GatewayError as error:
            body.refuse(error)
        if body.refused is not None and not body.response_started:
            await error_forms.response(scope["path"], body.refused)(scope, receive, body.answer)


class _RefusedError(Exception):
    """Ends the application's work on a body; the middleware answers."""


class _Body:
    """The body of one request."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, limits: LimitSettings) -> None:
        self._receive, self._send, self._limits = receive, send, limits
        self._declared = header(scope, b"content-length")
        # Only files are written to disk while they come; anything else is read into memory as a whole.
        upload = (header(scope, b"content-type") or "").lower().startswith("multipart/")
        self._largest = (
            limits.max_body_bytes if upload else min(limits.max_text_body_bytes, limits.max_body_bytes)
        )
        self._complete = self._declared in (None, "0") and header(scope, b"transfer-encoding") is None
        self._received = 0
        self._began = time.monotonic()
        self.refused: GatewayError | None = None
        self.response_started = False

    def check_declared_length(self) -> None:
        """Raise an error if the declared length is none, or above the limit."""
        if self._declared is None:
            return
        if not (self._declared.isascii() and self._declared.isdecimal()):
            raise BadRequestError("Content-Length: expected the number of bytes.")
        if len(self._declared) > 18 or int(self._declared) > self._largest:
            raise self._too_large()

    def refuse(self, error: GatewayError) -> None:
        """Answer with an error instead of what the application answers."""
        if self.refused is None:
            self.refused = error

    async def receive(self) -> Message:
        """Return the next part of the body to the application."""
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), self._limits.body_timeout_s)
        except asyncio.TimeoutError:
            raise self._refusal(
                SlowClientError(f"The body stopped for {self._limits.body_timeout_s:g} s; send it again.")
            ) from None
        if message["type"] == "http.request":
            self._count(message)
        return message

    async def send(self, message: Message) -> None:
        """Pass on what the application answers, unless its body was refused."""
        if self.refused is None or self.response_started:
            await self.answer(message)

    async def answer(self, message: Message) -> None:
        """Send a message of the response; before its end, drop the rest of a body that nobody read."""
        if message["type"] == "http.response.start":
            self.response_started = True
            if not self._complete:
                headers = [pair for pair in message.get("headers", ()) if pair[0].lower() != b"connection"]
                message = {**message, "headers": [*headers, (b"connection", b"close")]}
        elif message["type"] == "http.response.body" and not message.get("more_body") and not self._complete:
            await self._send({**message, "more_body": True})
            await self._drop_rest()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _count(self, message: Message) -> None:
        self._received += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._received > self._largest:
            raise self._refusal(self._too_large())
        elapsed = time.monotonic() - self._began - self._limits.body_timeout_s
        if not self._complete and self._received < elapsed * self._limits.min_body_bytes_per_s:
            raise self._refusal(
                SlowClientError(
                    f"The body came more slowly than {self._limits.min_body_bytes_per_s} bytes per second; "
                    "send it on a faster connection."
                )
            )

    def _refusal(self, error: GatewayError) -> _RefusedError:
        self.refuse(error)
        return _RefusedError()

    def _too_large(self) -> TooLargeError:
        return TooLargeError(
            f"The body: expected at most {self._largest} bytes, got more; send less at a time, or a "
            "compressed recording."
        )

    async def _drop_rest(self) -> None:
        dropped, until = 0, time.monotonic() + LINGER_S
        while not self._complete and dropped < LINGER_BYTES and (left := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), left)
            except asyncio.TimeoutError:
                return
            dropped += len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
