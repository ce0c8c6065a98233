"""How much of the gateway one request, and all of them, may use."""

from __future__ import annotations

from pydantic import Field

from tritone_gateway.settings.area import Area


class LimitSettings(Area):
    """Sizes, times and numbers of requests."""

    max_body_bytes: int = Field(200_000_000, gt=0)
    """Largest upload of a file; an hour of 16-bit mono WAV at 16 kHz is 115 MB."""
    max_text_body_bytes: int = Field(4_000_000, gt=0)
    """Largest body that is no upload of a file, but JSON or fields of a form."""
    max_duration_s: float = Field(4 * 3600.0, gt=0)
    """Longest recording."""
    max_requests: int = Field(64, gt=0)
    """Requests at a time; further ones get 503."""
    max_websockets: int = Field(256, gt=0)
    """WebSockets at a time; further ones get 503."""
    max_connections: int = Field(1024, gt=0)
    """Connections at a time, idle ones included; further ones are closed at once."""
    max_header_bytes: int = Field(32_768, gt=0)
    """Longest head of a request: its first line and its headers."""
    header_timeout_s: float = Field(10.0, gt=0)
    """How long the head of a request may take."""
    body_timeout_s: float = Field(20.0, gt=0)
    """How long a client may send nothing in the middle of a body."""
    min_body_bytes_per_s: int = Field(1024, ge=0)
    """How fast a body must come on average, after its first body_timeout_s."""
    write_timeout_s: float = Field(30.0, gt=0)
    """How long a client may take nothing of a response that it does not read."""
    max_websocket_message_bytes: int = Field(1_048_576, gt=0)
    """Largest message on a WebSocket."""
    websocket_idle_s: float = Field(120.0, gt=0)
    """How long a WebSocket's client may send no message, whatever its API allows."""
