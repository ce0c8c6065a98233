"""Who sends a request: asked before its body is read, counted against the key's limits, noted in the audit
log.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from tritone_gateway.errors import AuthenticationError, GatewayError
from tritone_gateway.observability.requests import WEBSOCKET, route_of
from tritone_gateway.security.access import Access
from tritone_gateway.security.asgi import header, refuse
from tritone_gateway.security.authentication import LoginError
from tritone_gateway.security.callers import Caller, Identity, identify, no_key
from tritone_gateway.security.credentials import shown

_CHALLENGE = (b"www-authenticate", b"Bearer")
_UNAUTHORISED = 401


class Identification:
    """ASGI middleware. Whether the caller may do what it asks for is decided by `callers.allowed`."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request or WebSocket."""
        if scope["type"] not in ("http", "websocket"):
            return await self._app(scope, receive, send)
        access: Access = scope["app"].state.services.access
        answer = _Answer(send)
        try:
            caller = await access.authenticator.caller(shown(scope), scope["path"])
            if caller is None and _has_body(scope):
                raise no_key()
        except GatewayError as error:
            if isinstance(error, AuthenticationError):
                _note_failure(access, scope, error)
            return await refuse(error, scope, receive, answer.send)
        identity = Identity(caller)
        identify(scope, identity)
        if caller is None:
            await self._app(scope, receive, answer.send)
            if identity.needed:
                _note_failure(access, scope, no_key())
            return
        try:
            with access.rates.request(caller.key_id, caller.requests_per_minute, caller.concurrent_requests):
                await self._app(scope, receive, answer.send)
        except GatewayError as error:  # of the rates: those of the application were answered inside
            identity.needed = True
            await refuse(error, scope, receive, answer.send)
        finally:
            if identity.needed:
                _note(access, scope, caller, answer)


class _Answer:
    """What the application answers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None
        self.location = ""

    async def send(self, message: Message) -> None:
        """Pass on a message."""
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            self.location = next(
                (value.decode("latin-1") for name, value in headers if name.lower() == b"location"), ""
            )
            if self.status == _UNAUTHORISED:
                message = {**message, "headers": [*headers, _CHALLENGE]}
        elif message["type"] == "websocket.accept":
            self.status = 101
        await self._send(message)


def _has_body(scope: AsgiScope) -> bool:
    length = header(scope, b"content-length")
    return header(scope, b"transfer-encoding") is not None or length not in (None, "0")


def _note(access: Access, scope: AsgiScope, caller: Caller, answer: _Answer) -> None:
    parameters: dict[str, Any] = scope.get("path_params") or {}
    access.audit.write(
        f"{scope.get('method', WEBSOCKET)} {route_of(scope)}",
        key=caller.key_id,
        name=caller.name,
        address=_address(scope),
        status=answer.status,
        record=str(parameters.get("uuid", "")) or answer.location.rpartition("/")[2],
        request=scope["state"].get("request_id"),
    )


def _note_failure(access: Access, scope: AsgiScope, error: GatewayError) -> None:
    key_id, reason = (
        (error.key_id, error.reason) if isinstance(error, LoginError) else ("", "no valid key or token")
    )
    access.failed_logins.note(_address(scope), key_id, reason, scope["path"])


def _address(scope: AsgiScope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
