"""Where records and their audio are kept."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field

from tritone_gateway.settings.area import Area


def _data_folder() -> Path:
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "tritone-gateway"


class StorageSettings(Area):
    """The database and the store of audio."""

    data_folder: Path = Field(default_factory=_data_folder)
    """Folder of the embedded database and of stored audio; made if it does not exist."""
    database_url: str = Field(default_factory=lambda: os.environ.get("DATABASE_URL", ""), repr=False)
    """postgresql://USER:PASSWORD@HOST/NAME or sqlite:///FILE; DATABASE_URL is read too.
    Empty: SQLite in the data folder."""
    audio_url: str = ""
    """Where audio is stored: a folder or s3://BUCKET/PREFIX. Empty: in the data folder."""
    audio_key_file: Path | None = None
    """File with Fernet keys, one a line, for stored audio; the first encrypts, all decrypt."""
    public_url: str = ""
    """Address of the gateway in links, where the name that callers send is not the one that they can use."""
    retention_days: float | None = Field(None, gt=0)
    """Age at which records are deleted."""
    retention_records_per_key: int | None = Field(None, ge=1)
    """How many records each key may have; beyond them, its oldest are deleted."""
    sweep_every_s: float = Field(600.0, gt=0)
    """How often old records, and what crashes left, are removed."""
    orphan_age_s: float = Field(3600.0, ge=0)
    """Age at which audio without a record is removed; storing a recording must not take longer."""
    migrate_at_start: bool = True
    """Whether `serve` brings the database's tables up to date; otherwise `tritone-gateway migrate` has to."""
