"""Where the gateway may send requests that callers ask for."""

from __future__ import annotations

from pydantic import Field

from tritone_gateway.settings.area import Area
from tritone_gateway.settings.lists import Networks


class OutgoingSettings(Area):
    """Addresses of webhooks."""

    webhook_networks: Networks = Field(default_factory=list)
    """Private networks that webhooks may reach, separated by commas (10.1.0.0/16,fd00::/8). Public addresses
    always may; private, loopback and link-local ones may not unless they are in one of these."""
