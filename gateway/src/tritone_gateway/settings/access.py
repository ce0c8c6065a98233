"""Who may call the gateway, from where and over what."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from tritone_gateway.settings.area import Area
from tritone_gateway.settings.lists import Names


class AccessSettings(Area):
    """Keys, TLS and pages of other origins."""

    require_keys: bool | None = None
    """Whether callers need an API key. By default on every address other than loopback."""
    insecure: bool = False
    """Serve without keys on an address that others reach: whoever reaches it may use everything."""
    token_secret: SecretStr | None = None
    """Secret that signs tokens for WebSockets, the same for all processes that serve one address.
    By default a random one."""
    host_names: Names = Field(default_factory=list)
    """Further names, separated by commas, under which a gateway without keys may be called on loopback."""
    cors_origins: Names = Field(default_factory=list)
    """Origins of pages that may call the gateway, separated by commas: https://app.example."""
    tls_certificate: Path | None = None
    """Certificate with its chain, PEM; the gateway then serves TLS. Read again when the file changes."""
    tls_key: Path | None = None
    """Private key of the certificate, PEM without passphrase. By default in the same file."""
    tls_client_ca: Path | None = None
    """Certificates, PEM, by one of which every client's certificate must be signed (mutual TLS)."""

    @model_validator(mode="after")
    def _consistent(self) -> AccessSettings:
        if self.insecure and self.require_keys:
            raise ValueError("insecure and require_keys exclude each other; leave one out.")
        if self.tls_certificate is None and (self.tls_key or self.tls_client_ca):
            raise ValueError("tls_key and tls_client_ca need tls_certificate; give it too.")
        return self


def is_loopback(address: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return address == "localhost"


def keys_required(address: str, access: AccessSettings) -> bool:
    """Return whether callers of a gateway on an address need a key."""
    if access.require_keys is not None:
        return access.require_keys
    return not (access.insecure or is_loopback(address))
