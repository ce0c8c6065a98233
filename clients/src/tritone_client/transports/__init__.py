"""The ways to a server: a protocol, gRPC or HTTP, each for synchronous and for asyncio callers."""

from __future__ import annotations

from typing import Any, Protocol

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
