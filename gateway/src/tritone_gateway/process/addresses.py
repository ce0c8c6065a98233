"""Addresses of servers on this machine."""

from __future__ import annotations

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def local_url(scheme: str, address: str, port: int) -> str:
    """Return SCHEME://HOST:PORT of what listens on an address, as programs on this machine reach it."""
    host = _EVERY_ADDRESS.get(address, address)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"
