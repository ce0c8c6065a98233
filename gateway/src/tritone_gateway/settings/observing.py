"""What operators see of the gateway."""

from __future__ import annotations

from typing import Literal

from tritone_gateway.settings.area import Area


class ObservingSettings(Area):
    """Logs, metrics and traces."""

    log_format: Literal["auto", "json", "text"] = "auto"
    """Form of the log: JSON lines, text to read, or text on a terminal and JSON lines elsewhere."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity of log lines; every request is one line of `info`."""
