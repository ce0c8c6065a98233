"""Addresses that callers have the gateway send requests to: none inside its own network."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import httpx

from tritone_gateway.errors import BadRequestError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

RESOLUTION_S = 5.0
_NAT64 = IPv6Network("64:ff9b::/96")


@dataclass(frozen=True)
class Destination:
    """Where a request goes: at the address that was checked, whatever its name resolves to later.

    `client.post(destination.url, headers=destination.headers, extensions=destination.extensions)` with an
    `httpx.AsyncClient(trust_env=False, follow_redirects=False)`: a proxy would resolve the name again, and a
    redirect would lead to an address that was not checked.
    """

    url: str  #: with the address instead of the name
    headers: dict[str, str] = field(default_factory=dict)  #: Host
    extensions: dict[str, str] = field(
        default_factory=dict
    )  #: of httpx: the name in TLS and in the certificate


async def checked_address(
    url: str, allowed: Iterable[Network] = (), *, param: str | None = None
) -> Destination:
    """Resolve the name of a URL and return where to send the request.

    Call it before each request and not only when the URL is stored, since names change their addresses.

    Args:
        url: http or https.
        allowed: private networks that may be reached all the same.
        param: name of the caller's field, for errors.

    Raises:
        BadRequestError: the URL is none, its name does not resolve, or one of its addresses is not public.
    """
    parsed = _parsed(url, param)
    port = parsed.port or (443 if parsed.scheme == "https" else 80)
    addresses = await _resolved(parsed.host, port, param)
    networks = list(allowed)
    if not addresses or not all(_may_be_reached(address, networks) for address in addresses):
        raise BadRequestError(
            "The URL's host: expected a public address, got one that is private, loopback, link-local or "
            "reserved; use a public one, or have the operator allow its network.",
            param=param,
        )
    pinned = parsed.copy_with(host=str(addresses[0]))
    return Destination(str(pinned), {"Host": parsed.netloc.decode("ascii")}, {"sni_hostname": parsed.host})


def _parsed(url: str, param: str | None) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError) as error:
        raise BadRequestError("Expected a URL, http:// or https://.", param=param) from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise BadRequestError("Expected a URL that begins with http:// or https://.", param=param)
    if parsed.port is not None and not 0 < parsed.port < 65_536:
        raise BadRequestError("Expected a URL with a port of 1 to 65535, or without one.", param=param)
    if parsed.userinfo:
        raise BadRequestError("Expected a URL without user name and password; leave them out.", param=param)
    return parsed


async def _resolved(host: str, port: int, param: str | None) -> list[Address]:
    try:
        found = await asyncio.wait_for(
            asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM), RESOLUTION_S
        )
    except (OSError, UnicodeError, ValueError, asyncio.TimeoutError) as error:
        raise BadRequestError(
            "The URL's host: expected a name that resolves to an address; check the name.", param=param
        ) from error
    return [ip_address(address[0]) for *_, address in found]


def _may_be_reached(address: Address, allowed: list[Network]) -> bool:
    """Return whether an address, and each one that it stands for, is public or allowed."""
    return all(
        any(meant in network for network in allowed if network.version == meant.version) or _public(meant)
        for meant in _meant(address)
    )


def _meant(address: Address) -> Iterator[Address]:
    """Yield an address, or the IPv4 address that packets to it reach."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            yield address.ipv4_mapped
            return
        if address.sixtofour:
            yield address.sixtofour
        if address.teredo:
            yield address.teredo[1]
        if address in _NAT64:
            yield IPv4Address(int(address) & 0xFFFFFFFF)
            return
    yield address


def _public(address: Address) -> bool:
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local
    )
