"""Lists in the environment, separated by commas: `TRITONE_CORS_ORIGINS=https://a.example,https://b.example`."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any

from pydantic import BeforeValidator
from pydantic_settings import NoDecode


def _separated(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[list[str], NoDecode, BeforeValidator(_separated)]
Networks = Annotated[list[IPv4Network | IPv6Network], NoDecode, BeforeValidator(_separated)]
