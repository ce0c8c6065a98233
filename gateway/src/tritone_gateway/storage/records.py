"""Records with their audio: neither is there without the other.

Audio is written before its record, and removed after its record was hidden. Whatever a crash leaves in
between, `sweep` removes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, CursorResult, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from tritone_gateway.errors import GatewayError, NotFoundError, UnavailableError
from tritone_gateway.storage.audio_store import AudioStore, StoredAudio
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.tables import Job, Record, now

_log = logging.getLogger(__name__)
WAITING, DONE, FAILED, DELETING = "waiting", "done", "failed", "deleting"
VISIBLE = (WAITING, DONE, FAILED)  # of those that wait, the job knows whether it runs


@dataclass(frozen=True)
class Selection:
    """Which of a key's records to list, the newest first."""

    search: str = ""  #: part of a name or text
    since: datetime | None = None
    until: datetime | None = None
    limit: int = 20
    offset: int = 0


class Records:
    """The records in a database and the audio in a store."""

    def __init__(self, database: Database, audio: AudioStore) -> None:
        self._database = database
        self.audio = audio

    async def save(self, record: Record, audio: IO[bytes], job: Job | None = None) -> Record:
        """Store a record and its audio, and what is to be done with it, or nothing.

        Args:
            record: without time, state and what is known of its audio once that is stored.
            audio: its file; read from the beginning.
            job: makes the record wait for it.
        """
        record.uuid, record.audio_path = uuid4(), new_path(record.audio_suffix)
        try:
            stored = await self.audio.write(record.audio_path, audio)
        except BaseException:
            with suppress(GatewayError):
                await asyncio.shield(self.audio.delete(record.audio_path))
            raise
        record.audio_size, record.audio_digest = stored.size, stored.digest
        record.audio_encrypted = stored.encrypted
        record.state, record.created_at, record.job = DONE if job is None else WAITING, now(), job
        record.search_text = searchable(record)
        async with self._database.writing() as session:  # if this fails, it may have been done all the same
            session.add(record)
        return record

    async def get(self, owner: str, kind: str, uuid: UUID) -> Record:
        """Return one of a key's records.

        Raises:
            NotFoundError: it has none such.
        """
        async with self._database.reading() as session:
            record = await session.scalar(select(Record).where(*_own(owner, kind), Record.uuid == uuid))
        if record is None:
            raise _no_such(uuid)
        return record

    async def page(self, owner: str, kind: str, selection: Selection) -> tuple[int, Sequence[Record]]:
        """Return how many of a key's records match, and a page of them, without their words."""
        wanted = _own(owner, kind)
        if selection.search:
            wanted.append(Record.search_text.contains(selection.search.casefold(), autoescape=True))
        if selection.since:
            wanted.append(Record.created_at >= selection.since)
        if selection.until:
            wanted.append(Record.created_at <= selection.until)
        newest = select(Record).where(*wanted).order_by(Record.created_at.desc(), Record.uuid.desc())
        newest = newest.options(defer(Record.words), defer(Record.search_text))
        async with self._database.reading() as session:
            count = await session.scalar(select(func.count()).select_from(Record).where(*wanted))
            found = await session.scalars(newest.limit(selection.limit).offset(selection.offset))
            return count or 0, found.all()

    async def delete(self, owner: str, kind: str, uuid: UUID) -> None:
        """Remove one of a key's records with its audio; what is done with it in the background ends.

        Raises:
            NotFoundError: it has none such.
        """
        async with self._database.writing() as session:
            found = await session.scalar(
                select(Record).where(*_own(owner, kind), Record.uuid == uuid).with_for_update(of=Record)
            )
            if found is None:
                raise _no_such(uuid)
            await mark_deleting(session, [uuid])
        await self.remove(uuid, found.audio_path)

    async def remove(self, uuid: UUID, audio_path: str) -> bool:
        """Finish the removal of a hidden record; False if the store fails now, and a sweep has to do it."""
        try:
            await self.audio.delete(audio_path)
        except UnavailableError:
            _log.warning("audio of a record is not removed yet; a sweep does it", extra=_fields(uuid))
            return False
        async with self._database.writing() as session:
            await session.execute(delete(Record).where(Record.uuid == uuid))
        return True


def new_path(suffix: str) -> str:
    """Return a path in the store that nothing has; nobody can guess it."""
    identity = uuid4()
    return f"{identity.hex[:2]}/{identity}.{suffix}"


def stored_audio(record: Record) -> StoredAudio:
    """Return where the audio of a record is."""
    return StoredAudio(record.audio_path, record.audio_size, record.audio_digest, record.audio_encrypted)


def searchable(record: Record) -> str:
    """Return the text that a search looks in."""
    texts = (record.name, record.text, record.transcript, record.written_text)
    return "\n".join(text for text in texts if text).casefold()


async def mark_deleting(session: AsyncSession, uuids: Sequence[UUID]) -> None:
    """Hide records until they are removed."""
    gone = update(Record).where(Record.uuid.in_(uuids)).values(state=DELETING)
    await session.execute(gone)
    await session.execute(delete(Job).where(Job.record_uuid.in_(uuids)))


def changed(result: object) -> int:
    """Return how many rows a statement changed."""
    assert isinstance(result, CursorResult)
    return result.rowcount


def _own(owner: str, kind: str) -> list[ColumnElement[bool]]:
    return [Record.owner == owner, Record.kind == kind, Record.state.in_(VISIBLE)]


def _no_such(uuid: UUID) -> NotFoundError:
    return NotFoundError(f"{uuid}: no such record.")


def _fields(uuid: UUID) -> dict[str, object]:
    return {"fields": {"record": uuid}}
