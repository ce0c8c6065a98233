"""Live transcription over WebSocket."""

from __future__ import annotations

from pydantic import Field

from tritone_gateway.settings.area import Area
from tritone_gateway.settings.lists import Names


class ListeningSettings(Area):
    """Limits and names of `/v1/listen`."""

    listen_idle_s: float = Field(60.0, gt=0)
    """How long a connection may send neither audio nor KeepAlive before it is closed."""
    listen_default_models: Names = Field(
        default_factory=lambda: ["default", "general", "nova", "enhanced", "base", "whisper"]
    )
    """Names that stand for the default recogniser, separated by commas; `nova` is also `nova-3-medical`."""
    listen_language: str = "en"
    """Language of the recognisers; a request for another one is refused."""
