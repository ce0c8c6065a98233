"""Where the gateway listens, and the speech server that it stands in front of."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from tritone_gateway.settings.area import Area


class ServingSettings(Area):
    """Addresses and waiting times."""

    gateway_address: str = "127.0.0.1"
    """Address to listen on."""
    gateway_port: int = Field(8080, ge=0, le=65535)
    """Port to listen on; 0 takes a free one."""
    triton_url: str = "localhost:8001"
    """HOST:PORT of Triton's gRPC endpoint; grpcs://HOST:PORT connects with TLS."""
    triton_ca: Path | None = None
    """Certificates, PEM, by one of which Triton's must be signed; Triton is then called with TLS. By default
    those of the system, with grpcs:// only."""
    triton_certificate: Path | None = None
    """Certificate, PEM, that Triton is shown where it asks for one."""
    triton_key: Path | None = None
    """Its private key, PEM without passphrase. By default in the same file."""
    overload_wait_s: float = Field(2.0, ge=0)
    """How long a request is sent to Triton again while it has no room, before the caller is told."""
    unready_s: float = Field(0.0, ge=0)
    """How long a stopping gateway still takes requests while /health/ready already answers 503, so that a
    load balancer turns away from it first."""
    drain_s: float = Field(30.0, ge=0)
    """How long running requests and WebSockets may take when the gateway is stopped."""
