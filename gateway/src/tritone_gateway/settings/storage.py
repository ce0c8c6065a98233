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
    migrate_at_start: bool = True
    """Whether `serve` brings the database's tables up to date; otherwise `tritone-gateway migrate` has to."""
