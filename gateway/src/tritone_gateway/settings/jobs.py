"""Recognition in the background, and webhooks."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from tritone_gateway.settings.area import Area


class JobSettings(Area):
    """How much is done in the background, and whom it tells."""

    background_jobs: int = Field(2, ge=0)
    """Recordings that this process recognises in the background at a time; 0: it leaves them to others."""
    background_queue: int = Field(1000, ge=0)
    """Recordings that may wait for it; more are refused."""
    background_days: float = Field(1.0, gt=0)
    """How long a recording may wait, for instance for Triton, before it is given up."""
    background_attempts: int = Field(3, ge=1)
    """How often a recording is begun again that failed without its own fault, or stopped the process."""
    background_poll_s: float = Field(5.0, gt=0)
    """How often the database is asked for work that other processes left."""
    background_lease_s: float = Field(60.0, gt=0)
    """After how long without a sign of life another process takes over."""
    webhook_secret_file: Path | None = None
    """File with the secret that webhooks are signed with; without it, `callback` is refused."""
    webhook_delays_s: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
    """Waiting times before a webhook is sent again; after the last, it is given up."""
    webhook_timeout_s: float = Field(15.0, gt=0)
    """How long a webhook may take."""
