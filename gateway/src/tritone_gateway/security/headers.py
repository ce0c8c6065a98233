"""Headers that keep browsers from doing with a response what it is not for."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Scripts and workers of the page come as files from the gateway; recordings and voices are played from
# memory.
_PAGE = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
# The viewer of the API's description sets styles in its elements.
_DOCS = _PAGE.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self), payment=(), usb=()",
}
_YEAR_S = 31_536_000


class SecurityHeaders:
    """ASGI middleware that adds them to every response."""

    def __init__(self, app: ASGIApp, *, shared: bool) -> None:
        """Create the middleware.

        Args:
            app: the application.
            shared: whether pages of other origins may use the responses, as CORS allows them to.
        """
        self._app = app
        self._always = {
            **_ALWAYS,
            "Cross-Origin-Resource-Policy": "cross-origin" if shared else "same-origin",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._always.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _DOCS if _is_docs(scope["path"]) else _PAGE)
                if scope["scheme"] == "https":
                    headers.setdefault("Strict-Transport-Security", f"max-age={_YEAR_S}")
                if scope["path"].startswith(("/api/", "/v1/", "/media/")):
                    headers.setdefault("Cache-Control", "no-store")  # somebody's words and voice
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _is_docs(path: str) -> bool:
    return path == "/docs" or path.startswith("/docs/")
