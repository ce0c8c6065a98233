"""Bringing the database's tables up to date, one process at a time."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from tritone_gateway.errors import StartupError

_LOCK = 7_237_483  # of PostgreSQL's advisory locks: any number that nobody else uses


async def upgrade(engine: AsyncEngine) -> tuple[str, str]:
    """Apply the migrations that are missing, all or none.

    Returns:
        The version before, empty for a new database, and the version now.

    Raises:
        StartupError: the tables were made by a newer release.
    """
    async with engine.connect() as connection:
        await connection.execution_options(sqlite_begin="IMMEDIATE")
        async with connection.begin():
            if engine.dialect.name == "postgresql":
                await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            return await connection.run_sync(_upgrade)


async def check_current(engine: AsyncEngine) -> None:
    """Raise `StartupError` unless the tables are of this release's version."""
    async with engine.connect() as connection:
        found = await connection.run_sync(_version)
    newest = _newest(Config())
    if found != newest:
        raise StartupError(
            f"database: expected its tables in version {newest}, got {found or 'none'}; "
            "run `tritone-gateway migrate`."
        )


def _upgrade(connection: Connection) -> tuple[str, str]:
    config = Config()
    newest, before = _newest(config), _version(connection)
    if before and before not in {script.revision for script in _scripts(config).walk_revisions()}:
        raise StartupError(
            f"database: its tables are of version {before}, which a newer release made; use that one."
        )
    if before != newest:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return before, newest


def _version(connection: Connection) -> str:
    return MigrationContext.configure(connection).get_current_revision() or ""


def _newest(config: Config) -> str:
    return _scripts(config).get_current_head() or ""


def _scripts(config: Config) -> ScriptDirectory:
    config.set_main_option("script_location", "tritone_gateway:storage/migrations")
    return ScriptDirectory.from_config(config)
