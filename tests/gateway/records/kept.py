"""What a database and a store hold."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select, update
from tritone_gateway.storage.database import Database, open_database
from tritone_gateway.storage.opening import open_records
from tritone_gateway.storage.records import Records
from tritone_gateway.storage.sweep import Sweep
from tritone_gateway.storage.tables import Record


@dataclass
class Kept:
    """Records that are open."""

    database: Database
    records: Records
    folder: Path  #: of the audio

    async def states(self) -> list[str]:
        """Return the states of all records, those that nobody sees, too."""
        async with self.database.reading() as session:
            return sorted(await session.scalars(select(Record.state)))

    def files(self) -> list[Path]:
        """Return the files in the store."""
        return [path for path in self.folder.rglob("*") if path.is_file()]

    async def change(self, record: Record, **values: object) -> None:
        """Change a record behind everybody's back."""
        async with self.database.writing() as session:
            await session.execute(update(Record).where(Record.uuid == record.uuid).values(values))

    async def sweep(self, settings, **changes: object) -> None:
        """Sweep once, with settings changed."""
        await Sweep(self.database, self.records, settings.model_copy(update=changes)).once()


@asynccontextmanager
async def kept(settings):
    """Open the records that the settings name; the sweep at the start is theirs."""
    async with open_database(settings) as database, open_records(settings, database) as records:
        yield Kept(database, records, settings.data_folder / "audio")


def a_draft(**fields: object) -> Record:
    """Return a record as a request makes it."""
    usual = {"kind": "asr", "owner": "one", "name": "", "audio_suffix": "wav", "audio_type": "audio/wav"}
    return Record(**{**usual, **fields})
