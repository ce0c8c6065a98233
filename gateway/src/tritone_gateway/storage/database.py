"""The database: SQLite in the data folder, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, create_async_engine

from tritone_gateway.errors import StartupError, UnavailableError
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.migration import check_current, upgrade
from tritone_gateway.storage.tables import UtcTime, now

_RETRY_S = 5
_CONNECT_S = 10
_BUSY_MS = 10_000  # that one SQLite writer waits for another
_BUSY_RETRY_S = 0.02
_NO_ANSWER = "database_url: expected a database that answers, got"
_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}


class Database:
    """Sessions on one engine. Writers of SQLite take its lock first, so that none fails in the middle.

    Args:
        engine: as `open_engine` returns it.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with (
            self._connection() as connection,
            AsyncSession(connection, expire_on_commit=False) as session,
        ):
            yield session

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A session in one transaction, committed at the end of the block unless that raises."""
        async with (
            self._connection(sqlite_begin="IMMEDIATE") as connection,
            AsyncSession(connection, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session

    async def current_time(self, session: AsyncSession) -> datetime:
        """Return the time by the clock that all processes of one database share."""
        if self.engine.dialect.name == "sqlite":
            return now()
        return (await session.execute(select(func.clock_timestamp(type_=UtcTime)))).scalar_one()

    @asynccontextmanager
    async def _connection(self, **options: str) -> AsyncIterator[AsyncConnection]:
        try:
            connection = await self.engine.connect()
        except (OSError, SQLAlchemyError) as error:
            raise _unavailable() from error
        try:
            await connection.execution_options(**options)
            yield connection
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
                raise _unavailable() from error
            raise
        finally:
            await connection.close()


def _unavailable() -> UnavailableError:
    return UnavailableError("The database does not answer.", retry_after_s=_RETRY_S)


@asynccontextmanager
async def open_database(settings: StorageSettings) -> AsyncIterator[Database]:
    """Open the database, with its tables up to date.

    Raises:
        StartupError: the settings do not name a database, or its tables are of another version.
    """
    engine = open_engine(settings)
    try:
        try:
            await (upgrade if settings.migrate_at_start else check_current)(engine)
        except (OSError, SQLAlchemyError) as error:
            raise StartupError(f"{_NO_ANSWER}: {error}") from error
        yield Database(engine)
    finally:
        await engine.dispose()


def open_engine(settings: StorageSettings) -> AsyncEngine:
    """Return the engine of the database that the settings name.

    Raises:
        StartupError: they do not name one.
    """
    url = _url(settings)
    if url.get_backend_name() == "sqlite":
        if url.database and url.database != ":memory:":
            _make_sqlite(Path(url.database))
        engine = create_async_engine(url)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    return create_async_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"timeout": _CONNECT_S}
    )


def _url(settings: StorageSettings) -> URL:
    if not settings.database_url:
        return URL.create("sqlite+aiosqlite", database=str(settings.data_folder / "gateway.db"))
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise StartupError(
            "database_url: expected a URL like postgresql://USER:PASSWORD@HOST/NAME."
        ) from None
    if url.get_backend_name() not in _DRIVERS:
        raise StartupError(f"database_url: expected postgresql:// or sqlite:///, got {url.drivername}://.")
    url = url.set(drivername=_DRIVERS[url.get_backend_name()])
    if "sslmode" in url.query:  # libpq's name for what asyncpg calls ssl
        url = url.difference_update_query(["sslmode"]).update_query_dict({"ssl": url.query["sslmode"]})
    return url


def _make_sqlite(path: Path) -> None:
    """Make the file with its write-ahead log, which stays its mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)  # the log files beside it get the same mode
    until = time.monotonic() + _BUSY_MS / 1000
    with closing(sqlite3.connect(path)) as connection:
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.Error as error:  # where two processes switch at once, SQLite does not wait
                if "locked" not in str(error) or time.monotonic() > until:
                    raise StartupError(f"{_NO_ANSWER}: {error}") from error
            time.sleep(_BUSY_RETRY_S)


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")
