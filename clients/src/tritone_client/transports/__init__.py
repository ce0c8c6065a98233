"""Transports: gRPC and HTTP, blocking and for asyncio."""

from __future__ import annotations

from typing import Any, Protocol

from tritone_client import settings
from tritone_client.questions import Question


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


# Imported on demand, since gRPC and gevent are slow to load.
def open_transport(url: str, protocol: settings.Protocol) -> Transport:
    """Open the blocking transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import GrpcTransport

        return GrpcTransport(url)
    from tritone_client.transports.http import HttpTransport

    return HttpTransport(url)


def open_async_transport(url: str, protocol: settings.Protocol) -> AsyncTransport:
    """Open the asyncio transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import AsyncGrpcTransport

        return AsyncGrpcTransport(url)
    from tritone_client.transports.http import AsyncHttpTransport

    return AsyncHttpTransport(url)
