"""Connections of clients that send or read too slowly, or send too much before a request has begun.

No ASGI middleware sees these: the server calls the application when the headers are complete, and responses
that nobody reads are kept in its buffers.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from tritone_gateway.settings.limits import LimitSettings

_NO_WEBSOCKET = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class _Stall:
    """Cuts a connection whose client takes nothing of what waits for it."""

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._timer: asyncio.TimerHandle | None = None

    def begin(self, transport: asyncio.Transport) -> None:
        """The client does not read: wait for it, but not for ever."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._timeout_s, transport.abort)

    def end(self) -> None:
        """The client reads again, or is gone."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class LimitedConnection(HttpToolsProtocol):
    """A connection with limits of its own; `limits` and `waiting` are set by a subclass, see `limited`."""

    limits: LimitSettings
    waiting: dict[LimitedConnection, None]  #: connections whose head is not complete, the oldest first

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0  # of a head that is not complete
        self._in_head = True
        self._timer: asyncio.TimerHandle | None = None  # until the head must be complete
        self._stall = _Stall(self.limits.write_timeout_s)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to wait for a head.

        Where there are too many connections, the one that has waited longest is cut: whoever only holds
        connections open does not keep others out.
        """
        super().connection_made(transport)
        if len(self.connections) > self.limits.max_connections:
            next(iter(self.waiting), self).transport.abort()
        if not transport.is_closing():
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_timers()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request; answer a head that is too long with 431."""
        if self._in_head:
            self._wait_for_head()
            self._head_bytes += len(data)
        super().data_received(data)
        # What came after a head that ended in these bytes is a body, and does not count.
        if self._in_head and self._head_bytes > self.limits.max_header_bytes:
            self._refuse_head(431, b"Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        """The head is complete: the body has limits of its own."""
        if self._head_length() > self.limits.max_header_bytes:
            raise ValueError("the head is too long")  # the parser stops, and the client gets 400
        self._in_head, self._head_bytes = False, 0
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; the next one begins when its first byte comes."""
        super().on_message_complete()
        self._in_head = True

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to the protocol of WebSockets."""
        self._stop_timers()
        super().handle_websocket_upgrade()
        protocol = self.transport.get_protocol()
        # A request that is none of RFC 6455, as a POST, is neither served nor answered by that protocol.
        if not getattr(protocol, "handshake_initiated", True) and not self.transport.is_closing():
            self.transport.write(_NO_WEBSOCKET)
            self.transport.close()

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._stall.begin(self.transport)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._stall.end()

    def _wait_for_head(self) -> None:
        if self._timer is None:
            self.waiting[self] = None
            self._timer = self.loop.call_later(self.limits.header_timeout_s, self._give_up)

    def _stop_waiting(self) -> None:
        self.waiting.pop(self, None)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_timers(self) -> None:
        self._stop_waiting()
        self._stall.end()

    def _give_up(self) -> None:
        self._stop_waiting()
        if self._head_bytes:
            self._refuse_head(408, b"Request Timeout")
        elif not self.transport.is_closing():
            self.transport.close()

    def _refuse_head(self, status: int, phrase: bytes) -> None:
        self._stop_waiting()
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 %d %s\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % (status, phrase)
            )
        self.transport.close()

    def _head_length(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """A WebSocket whose client must read; `limits` is set by a subclass, see `limited_websocket`."""

    limits: LimitSettings

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._stall = _Stall(self.limits.write_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stall.end()
        super().connection_lost(exc)

    async def send(self, message: Any) -> None:
        """Send a message of the application; one that refuses the WebSocket ends the handshake, too."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # else the server would log a failure of the application

    def pause_writing(self) -> None:
        """The client does not read."""
        super().pause_writing()
        self._stall.begin(self.transport)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        self._stall.end()


def limited(limits: LimitSettings) -> type[LimitedConnection]:
    """Return the class of connections with some limits, for uvicorn's `http`."""
    members: dict[str, Any] = {"limits": limits, "waiting": {}}
    return cast(type[LimitedConnection], type("LimitedConnection", (LimitedConnection,), members))


def limited_websocket(limits: LimitSettings) -> type[LimitedWebSocket]:
    """Return the class of WebSockets with some limits, for uvicorn's `ws`."""
    return cast(type[LimitedWebSocket], type("LimitedWebSocket", (LimitedWebSocket,), {"limits": limits}))
