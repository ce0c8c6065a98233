"""Encrypts stored audio with the newest key: what is not encrypted yet, and what older keys encrypted."""

from __future__ import annotations

from tempfile import TemporaryFile
from uuid import UUID

from sqlalchemy import select, update

from tritone_gateway.storage.database import Database
from tritone_gateway.storage.records import VISIBLE, Records, changed, new_path, stored_audio
from tritone_gateway.storage.tables import Record

_BATCH = 100  # rows at a time


async def encrypt_all(database: Database, records: Records) -> int:
    """Encrypt all audio with the newest key; gateways may serve meanwhile. Begun again, it goes on.

    Returns:
        How many files were encrypted.
    """
    count, last = 0, UUID(int=0)
    while True:
        async with database.reading() as session:
            following = select(Record).where(Record.uuid > last, Record.state.in_(VISIBLE))
            found = (await session.scalars(following.order_by(Record.uuid).limit(_BATCH))).all()
        if not found:
            return count
        for record in found:
            count += await _encrypt(database, records, record)
        last = found[-1].uuid


async def _encrypt(database: Database, records: Records, record: Record) -> bool:
    """Write audio again under another path, which the record then names, and remove the old file."""
    old = stored_audio(record)
    if await records.audio.is_current(old):
        return False
    with TemporaryFile() as file:
        await records.audio.copy(old, file)
        new = await records.audio.write(new_path(record.audio_suffix), file)
    async with database.writing() as session:
        written = update(Record).where(Record.uuid == record.uuid, Record.audio_path == old.path)
        result = await session.execute(written.values(audio_path=new.path, audio_encrypted=new.encrypted))
        replaced = changed(result) == 1
    await records.audio.delete(old.path if replaced else new.path)
    return replaced
