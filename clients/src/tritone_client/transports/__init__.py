"""The ways to a server: a protocol, gRPC or HTTP, each for synchronous and for asyncio callers."""

from __future__ import annotations

from typing import Any, Protocol

from tritone_client import settings
from tritone_client.flows import Question


class Transport(Protocol):
    """Carries questions to the server, blocking."""

    def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""

    def close(self) -> None:
        """Close all connections."""


class AsyncTransport(Protocol):
    """Carries questions to the server, for asyncio."""

    async def ask(self, question: Question, timeout_s: float) -> Any:
        """Return the answer; raise a TritoneError."""

    async def close(self) -> None:
        """Close all connections."""


# The modules are imported when they are needed: gRPC and gevent each take a moment to load.
def open_transport(url: str, protocol: settings.Protocol) -> Transport:
    """Make the blocking transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import GrpcTransport

        return GrpcTransport(url)
    from tritone_client.transports.http import HttpTransport

    return HttpTransport(url)


def open_async_transport(url: str, protocol: settings.Protocol) -> AsyncTransport:
    """Make the asyncio transport of a protocol; it connects with the first question."""
    if protocol == "grpc":
        from tritone_client.transports.grpc import AsyncGrpcTransport

        return AsyncGrpcTransport(url)
    from tritone_client.transports.http import AsyncHttpTransport

    return AsyncHttpTransport(url)
