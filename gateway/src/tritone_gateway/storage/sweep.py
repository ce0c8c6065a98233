"""Removes what crashes left, and records that are too old or too many."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Row, Select, func, select

from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.records import DELETING, DONE, FAILED, Records, mark_deleting
from tritone_gateway.storage.tables import Record, now

_log = logging.getLogger(__name__)
_BATCH = 200  # rows at a time


class Sweep:
    """Removes what nobody sees and what nobody should see any more; several processes may do it at once."""

    def __init__(self, database: Database, records: Records, settings: StorageSettings) -> None:
        self._database = database
        self._records = records
        self._settings = settings

    async def run(self) -> None:
        """Sweep now and then periodically, until cancelled."""
        while True:
            try:
                await self.once()
            except Exception:
                _log.exception("sweep of records failed; it is tried again")
            await asyncio.sleep(self._settings.sweep_every_s * random.uniform(0.9, 1.1))

    async def once(self) -> None:
        """Remove everything that is due."""
        await self._remove_hidden()
        await self._remove_old()
        await self._remove_surplus()
        await self._remove_audio_without_record()

    async def _remove_hidden(self) -> None:
        await self.remove_all(select(Record.uuid, Record.audio_path).where(Record.state == DELETING))

    async def _remove_old(self) -> None:
        if self._settings.retention_days is not None:
            before = now() - timedelta(days=self._settings.retention_days)
            old = (Record.created_at < before) & Record.state.in_((DONE, FAILED))
            _report(await self.remove_all(select(Record.uuid, Record.audio_path).where(old)))

    async def _remove_surplus(self) -> None:
        limit = self._settings.retention_records_per_key
        if limit is None:
            return
        finished = Record.state.in_((DONE, FAILED))
        many = select(Record.owner).where(finished).group_by(Record.owner).having(func.count() > limit)
        async with self._database.reading() as session:
            owners = (await session.scalars(many)).all()
        for owner in owners:
            newest_first = (
                select(Record.uuid, Record.audio_path)
                .where(Record.owner == owner, finished)
                .order_by(Record.created_at.desc(), Record.uuid.desc())
            )
            _report(await self.remove_all(newest_first.offset(limit)))

    async def remove_all(self, wanted: Select[UUID, str]) -> int:
        """Remove the records that a statement selects; returns how many."""
        count = 0
        before: set[UUID] = set()
        while found := await self._marked(wanted.limit(_BATCH)):
            uuids = {row.uuid for row in found}
            if uuids <= before:
                break  # the store fails: the next sweep tries again
            before = uuids
            for row in found:
                count += await self._records.remove(row.uuid, row.audio_path)
        return count

    async def _marked(self, wanted: Select[UUID, str]) -> Sequence[Row[UUID, str]]:
        async with self._database.writing() as session:
            found = (await session.execute(wanted)).all()
            await mark_deleting(session, [row.uuid for row in found])
        return found

    async def _remove_audio_without_record(self) -> None:
        before = now() - timedelta(seconds=self._settings.orphan_age_s)
        for shard in await self._records.audio.shards():
            paths = await self._records.audio.paths(shard)
            for start in range(0, len(paths), _BATCH):
                for path in await self._without_record(paths[start : start + _BATCH]):
                    written_at = await self._records.audio.written_at(path)
                    if written_at is not None and written_at <= before:
                        await self._records.audio.delete(path)

    async def _without_record(self, paths: Sequence[str]) -> list[str]:
        async with self._database.reading() as session:
            known = await session.scalars(select(Record.audio_path).where(Record.audio_path.in_(paths)))
            return sorted(set(paths) - set(known))


def _report(count: int) -> None:
    if count:
        _log.info("records removed for their age or number", extra={"fields": {"count": count}})
