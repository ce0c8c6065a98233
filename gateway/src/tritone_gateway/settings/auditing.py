"""The audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from tritone_gateway.settings.area import Area


class AuditSettings(Area):
    """Where it is written, how surely, and how much of it is kept."""

    audit: bool = True
    """Whether to write an audit log: who did what when with which record."""
    audit_file: Path | None = None
    """File of the audit log. By default audit.jsonl in the data folder."""
    audit_sync: Literal["always", "second", "never"] = "second"
    """When lines are forced to the disk: each at once, every second, or when the system likes."""
    audit_file_bytes: int = Field(50_000_000, ge=0)
    """Size at which a new file is begun; 0: never, as another program rotates it."""
    audit_files_kept: int = Field(20, ge=1)
    """Older files that are kept, besides the current one."""
