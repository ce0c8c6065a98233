"""What a caller shows: a key in a header or in a WebSocket's subprotocols, or a token in its address."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.types import Scope
from starlette.websockets import WebSocket

from tritone_gateway.security.asgi import header

_HEADER_SCHEMES = ("bearer", "token")
_SUBPROTOCOLS = ("token", "bearer")  # new WebSocket(url, ["token", KEY])
_OPENAI_SUBPROTOCOL = "openai-insecure-api-key."


@dataclass(frozen=True)
class Credentials:
    """What was shown; both are empty where nothing was."""

    key: str = ""
    token: str = ""  #: that lives for a minute

    def __bool__(self) -> bool:
        return bool(self.key or self.token)

    def __repr__(self) -> str:
        return "Credentials()"


def shown(scope: Scope) -> Credentials:
    """Return what a request or WebSocket shows."""
    scheme, _, value = (header(scope, b"authorization") or "").partition(" ")
    if scheme.lower() in _HEADER_SCHEMES:
        return Credentials(key=value.strip())
    if key := header(scope, b"x-api-key"):
        return Credentials(key=key.strip())
    if scope["type"] == "websocket":
        if key := _in_subprotocols(scope["subprotocols"]):
            return Credentials(key=key)
        given = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=100).get("token", [])
        return Credentials(token=given[0] if given else "")
    return Credentials()


def accepted_subprotocol(websocket: WebSocket) -> str | None:
    """Return the subprotocol to accept a WebSocket with: a browser closes one that accepts none of its own.

    Never the key, which the client sent as a subprotocol too.
    """
    offered = websocket.scope["subprotocols"]
    if offered and offered[0].lower() in _SUBPROTOCOLS:
        return str(offered[0])
    return next((str(name) for name in offered if not name.startswith(_OPENAI_SUBPROTOCOL)), None)


def _in_subprotocols(offered: list[str]) -> str:
    if len(offered) >= 2 and offered[0].lower() in _SUBPROTOCOLS:
        return offered[1]
    return next(
        (name.removeprefix(_OPENAI_SUBPROTOCOL) for name in offered if name.startswith(_OPENAI_SUBPROTOCOL)),
        "",
    )
