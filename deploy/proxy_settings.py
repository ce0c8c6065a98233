"""What the proxy is made from; the node keeps it, so that rollback and status need no options."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from deploy.ports import PortTriple


@dataclass(frozen=True)
class ProxySettings:
    """Where and as what the proxy runs."""

    address: str  # that it listens on
    ports: PortTriple  # the public ones
    runtime: str  # "process" or "container"
    envoy: str  # path of the binary on the node, or name of the image

    def to_json(self) -> str:
        """Return the record as it is kept on the node."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ProxySettings:
        """Read a record."""
        fields = json.loads(text)
        return cls(**{**fields, "ports": PortTriple(**fields["ports"])})

    @property
    def reachable_address(self) -> str:
        """The address for the node's own requests, as it stands before :PORT."""
        if self.address in ("0.0.0.0", "::"):
            return "127.0.0.1"
        return f"[{self.address}]" if ":" in self.address else self.address
