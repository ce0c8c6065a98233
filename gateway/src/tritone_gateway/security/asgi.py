"""What the ASGI middlewares share."""

from __future__ import annotations

from starlette.types import Receive, Scope, Send

from tritone_gateway import error_forms
from tritone_gateway.errors import GatewayError


def header(scope: Scope, name: bytes) -> str | None:
    """Return the first value of a header, or None."""
    return next((value.decode("latin-1") for key, value in scope["headers"] if key == name), None)


async def refuse(error: GatewayError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request, or the handshake of a WebSocket, with an error."""
    await error_forms.response(scope["path"], error)(scope, receive, send)
