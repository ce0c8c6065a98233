"""Web pages of other origins: a browser on the gateway's own machine must not let them use it.

Where keys are asked for, another page has none. Without keys, whoever reaches the port may use the gateway,
and so could every page that somebody on this machine visits: by sending forms and opening WebSockets, which
need no permission by CORS, or under a name of its own that it makes resolve to 127.0.0.1, after which the
gateway is its own origin. The Host header tells the latter, Origin and Sec-Fetch-Site the former.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from tritone_gateway.errors import ForbiddenError
from tritone_gateway.security.asgi import header, refuse

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_OWN_SITES = ("same-origin", "none")


class KnownHosts:
    """ASGI middleware that takes requests only under the names that the gateway is known by."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or WebSocket."""
        if scope["type"] in ("http", "websocket") and not self._known(header(scope, b"host") or ""):
            error = ForbiddenError(
                f"Host: expected {', '.join(sorted(self._names))}, as no keys are asked for; use one of "
                "these names, or have the operator set TRITONE_REQUIRE_KEYS=true or add the name to "
                "TRITONE_HOST_NAMES."
            )
            return await refuse(error, scope, receive, send)
        await self._app(scope, receive, send)

    def _known(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname
        except ValueError:
            return False
        return name is not None and name.rstrip(".") in self._names


class OwnOrigin:
    """ASGI middleware that takes WebSockets and what changes something only from its own pages.

    Programs other than browsers send neither of the headers and are not concerned.
    """

    def __init__(self, app: ASGIApp, allowed: frozenset[str]) -> None:
        """Create the middleware.

        Args:
            app: the application.
            allowed: further origins, such as https://app.example.
        """
        self._app, self._allowed = app, allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request or WebSocket."""
        changes = scope["type"] == "websocket" or (
            scope["type"] == "http" and scope["method"] not in _SAFE_METHODS
        )
        if changes and not self._own(scope):
            error = ForbiddenError(
                "Origin: expected the gateway's own page or no page at all, as no keys are asked for; have "
                "the operator add the page's origin to TRITONE_CORS_ORIGINS."
            )
            return await refuse(error, scope, receive, send)
        await self._app(scope, receive, send)

    def _own(self, scope: Scope) -> bool:
        origin = header(scope, b"origin")
        if origin is not None:
            return origin in self._allowed or urlsplit(origin).netloc == header(scope, b"host")
        return header(scope, b"sec-fetch-site") in (None, *_OWN_SITES)
