"""The three ports of a server, and which ports are free on a node."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from deploy.errors import UsageError


@dataclass(frozen=True)
class PortTriple:
    """Ports that a server, or the proxy, listens on."""

    http: int = 8000
    grpc: int = 8001
    metrics: int = 8002

    def __post_init__(self) -> None:
        if len(set(self.all())) < 3:
            raise UsageError(f"ports: expected three different ones, got {self}; choose others.")
        for port in self.all():
            if not 0 < port < 65536:
                raise UsageError(f"ports: expected numbers from 1 to 65535, got {port}; choose another.")

    def all(self) -> tuple[int, int, int]:
        """Return the three."""
        return self.http, self.grpc, self.metrics


def choose(first: int, taken: Collection[int]) -> PortTriple:
    """Return the first three consecutive ports from `first` on that are not taken.

    Raises:
        UsageError: none within 300 ports.
    """
    for http in range(first, min(first + 300, 65533), 3):
        if not {http, http + 1, http + 2} & set(taken):
            return PortTriple(http, http + 1, http + 2)
    raise UsageError(
        f"--inner-port: expected three free ports from {first} on, all up to {first + 299} are in use on the "
        "node; choose another range."
    )
