"""The three ports of a server."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from ..errors import PortInUseError

LARGEST_PORT = 65_535


@dataclass(frozen=True)
class Ports:
    """The ports that a server listens on."""

    http: int = 8000
    grpc: int = 8001
    metrics: int = 8002

    @classmethod
    def free(cls, address: str = "127.0.0.1") -> Ports:
        """Choose three ports that are free now."""
        sockets = [socket.create_server((address, 0)) for _ in range(3)]
        try:
            return cls(*(listener.getsockname()[1] for listener in sockets))
        finally:
            for listener in sockets:
                listener.close()

    def require_free(self, address: str) -> None:
        """Raise PortInUseError if a port is in use on `address`, does not exist, or is given twice."""
        wanted = {"HTTP": self.http, "gRPC": self.grpc, "metrics": self.metrics}
        if len(set(wanted.values())) < len(wanted):
            raise PortInUseError(f"ports: expected three different ones, got {self}; choose others.")
        for name, port in wanted.items():
            if not 0 < port <= LARGEST_PORT:
                raise PortInUseError(
                    f"{name} port: expected 1 to {LARGEST_PORT}, got {port}; choose another "
                    f"({name.upper()}_PORT=...)."
                )
            try:
                # create_server sets SO_REUSEADDR: connections in TIME_WAIT must not count as listeners.
                socket.create_server((address, port)).close()
            except OSError as error:
                raise PortInUseError(
                    f"{name} port {port} on {address}: expected a free port, got {error.strerror or error}; "
                    f"stop what listens there or choose another ({name.upper()}_PORT=...)."
                ) from error
