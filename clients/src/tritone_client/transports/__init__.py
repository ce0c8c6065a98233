"""Transports: gRPC and HTTP, blocking and for asyncio."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from tritone_client import settings
from tritone_client.errors import InvalidRequestError
from tritone_client.questions import Question
from tritone_client.streaming.running import AsyncStream, Stream
from tritone_client.tls import Tls


class Transport(Protocol):
    """Blocking transport."""

    def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """Transport for asyncio."""

    async def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""

    async def close(self) -> None:
        """Close all connections."""


@runtime_checkable
class StreamTransport(Protocol):
    """Blocking transport that has streams."""

    def open_stream(self) -> Stream:
        """Open a stream; it connects with the first request."""


@runtime_checkable
class AsyncStreamTransport(Protocol):
    """Transport for asyncio that has streams."""

    def open_stream(self) -> AsyncStream:
        """Open a stream; it connects with the first request."""


def streams_of(transport: Transport) -> StreamTransport:
    """Return a transport that has streams.

    Raises:
        InvalidRequestError: this one has none.
    """
    if not isinstance(transport, StreamTransport):
        raise _no_streams()
    return transport


def async_streams_of(transport: AsyncTransport) -> AsyncStreamTransport:
    """Return a transport that has streams; see `streams_of`."""
    if not isinstance(transport, AsyncStreamTransport):
        raise _no_streams()
    return transport


def _no_streams() -> InvalidRequestError:
    return InvalidRequestError(
        "protocol: expected grpc, as Triton streams over nothing else, got http; connect with grpc, by "
        "default on port "
        "8001."
    )


# Imported on demand, since gRPC and gevent are slow to load.
def open_transport(url: str, protocol: settings.Protocol, tls: Tls | None = None) -> Transport:
    """Open the blocking transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import GrpcTransport

        return GrpcTransport(url, tls)
    from tritone_client.transports.http import HttpTransport

    return HttpTransport(url, tls)


def open_async_transport(url: str, protocol: settings.Protocol, tls: Tls | None = None) -> AsyncTransport:
    """Open the asyncio transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import AsyncGrpcTransport

        return AsyncGrpcTransport(url, tls)
    from tritone_client.transports.http import AsyncHttpTransport

    return AsyncHttpTransport(url, tls)
