"""Claiming work from a table, so that of several processes one does it, and another if that one dies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Generic, TypeVar
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tritone_gateway.storage.database import Database
from tritone_gateway.storage.records import changed
from tritone_gateway.storage.tables import Leased

Task = TypeVar("Task", bound=Leased)


class Leases(Generic[Task]):
    """The rows of one table, each somebody's work at a time.

    Args:
        table: of the tasks, with one column as primary key.
        lease_s: how long a claim lasts unless it is extended.
    """

    def __init__(self, database: Database, table: type[Task], lease_s: float) -> None:
        self._database = database
        self._table = table
        self.lease_s = lease_s
        self._key: ColumnElement[Any] = inspect(table, raiseerr=True).primary_key[0]

    async def claim(self) -> Task | None:
        """Take the task that is due for longest, None if none is."""
        async with self._database.writing() as session:
            time = await self._database.current_time(session)
            due = select(self._table).where(self._table.due_at <= time).order_by(self._table.due_at).limit(1)
            task = await session.scalar(due.with_for_update(skip_locked=True, of=self._table))
            if task is not None:
                task.worker = uuid4()
                task.attempts += 1
                task.due_at = time + timedelta(seconds=self.lease_s)
            return task

    async def extend(self, task: Task) -> bool:
        """Keep a task for another lease; False if it is somebody else's by now, or gone."""
        return await self._move(task, self.lease_s)

    async def put_back(self, task: Task, delay_s: float = 0.0, *, counted: bool = True) -> bool:
        """Give a task up for a while; uncounted: as if it had not been tried. False if it was not held."""
        attempts = task.attempts if counted else task.attempts - 1
        return await self._move(task, delay_s, worker=None, attempts=attempts)

    async def finish(self, session: AsyncSession, task: Task) -> bool:
        """Remove a task within a transaction; False if it is somebody else's by now, or gone."""
        return changed(await session.execute(delete(self._table).where(*self._held(task)))) == 1

    async def _move(self, task: Task, delay_s: float, **values: object) -> bool:
        async with self._database.writing() as session:
            due_at = await self._database.current_time(session) + timedelta(seconds=delay_s)
            statement = update(self._table).where(*self._held(task)).values(due_at=due_at, **values)
            return changed(await session.execute(statement)) == 1

    def _held(self, task: Task) -> tuple[ColumnElement[bool], ...]:
        return self._key == inspect(task, raiseerr=True).identity[0], self._table.worker == task.worker
