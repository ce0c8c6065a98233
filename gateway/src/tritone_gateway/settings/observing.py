"""What operators see of the gateway."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tritone_gateway.settings.area import Area


class ObservingSettings(Area):
    """Logs, metrics and traces."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """Form of the log: JSON lines, text to read, or text on a terminal and JSON lines elsewhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity of log lines; every request is one line of `info`."""
    metrics_port: int | None = Field(None, ge=0, le=65535)
    """Another port that serves /metrics, without a key and without TLS, for a network that only
    Prometheus reaches. The gateway's own port serves them to keys with the scope `metrics`."""
    metrics_address: str = "127.0.0.1"
    """Address of that port."""
    otlp_endpoint: str = ""
    """http://HOST:PORT of an OpenTelemetry collector (OTLP over HTTP) that gets traces; empty: none are made.
    Needs the packages of `tritone-gateway[telemetry]`."""
