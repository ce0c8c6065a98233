import asyncio
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from click.testing import CliRunner
from sqlalchemy import delete, func, make_url, select, text
from sqlalchemy.exc import IntegrityError
from tritone_gateway.command import main
from tritone_gateway.errors import StartupError, UnavailableError
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.database import open_database, open_engine
from tritone_gateway.storage.migration import upgrade
from tritone_gateway.storage.tables import Base, Job, Record, Store, now

from tests.gateway.databases import a_record


async def test_migrations_make_the_tables_that_the_code_expects(storage):
    async with open_database(storage) as database, database.engine.connect() as connection:
        differences = await connection.run_sync(
            lambda held: compare_metadata(MigrationContext.configure(held), Base.metadata)
        )
    assert differences == []


async def test_two_processes_that_start_at_once_migrate_once(storage):
    engines = [open_engine(storage) for _ in range(3)]
    versions = await asyncio.gather(*map(upgrade, engines))
    async with open_database(storage) as database, database.reading() as session:
        folders = (await session.scalars(select(Store.folder))).all()
    for engine in engines:
        await engine.dispose()
    assert sorted(before for before, _ in versions)[:2] == ["", versions[0][1]]
    assert len(folders) == 1


async def test_tables_of_a_newer_release_are_refused(storage):
    async with open_database(storage) as database, database.writing() as session:
        await session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartupError, match="9999, which a newer release made"):
        async with open_database(storage):
            pass


async def test_without_migrating_at_start_missing_tables_are_refused(storage):
    with pytest.raises(StartupError, match="tritone-gateway migrate"):
        async with open_database(storage.model_copy(update={"migrate_at_start": False})):
            pass


async def test_an_error_in_a_block_undoes_what_it_wrote(storage):
    async with open_database(storage) as database:
        with pytest.raises(ZeroDivisionError):
            await _fail_after_writing(database)
        async with database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Record)) == 0


async def _fail_after_writing(database):
    async with database.writing() as session:
        session.add(a_record())
        await session.flush()
        raise ZeroDivisionError


async def test_foreign_keys_hold_and_deleting_a_record_deletes_its_job(storage):
    record = a_record()
    job = {"choices": {}, "due_at": now(), "base_url": "http://here"}
    async with open_database(storage) as database:
        with pytest.raises(IntegrityError):
            async with database.writing() as session:
                session.add(Job(record_uuid=record.uuid, **job))
        async with database.writing() as session:
            record.job = Job(**job)
            session.add(record)
        async with database.writing() as session:
            await session.execute(delete(Record))
        async with database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Job)) == 0


async def test_writers_wait_for_each_other(storage):
    async def write(database):
        async with database.writing() as session:
            await session.scalar(select(func.count()).select_from(Record))
            session.add(a_record())

    async with open_database(storage) as database, open_database(storage) as other:
        await asyncio.gather(*(write(each) for each in (database, other) * 10))
        async with database.reading() as session:
            assert await session.scalar(select(func.count()).select_from(Record)) == 20


async def test_times_keep_their_zone(storage):
    record = a_record()
    async with open_database(storage) as database:
        async with database.writing() as session:
            session.add(record)
        async with database.reading() as session:
            assert (await session.get_one(Record, record.uuid)).created_at == record.created_at


async def test_a_database_that_goes_away_is_unavailable_until_it_is_back(postgresql_database):
    socket = Path(make_url(postgresql_database).query["host"]) / ".s.PGSQL.5432"
    async with open_database(StorageSettings(database_url=postgresql_database)) as database:
        async with database.writing() as session:
            session.add(a_record())
        await _end_connections(database)
        await database.engine.dispose()
        hidden = socket.rename(socket.with_suffix(".hidden"))
        try:
            with pytest.raises(UnavailableError, match="does not answer"):
                await _count(database)
        finally:
            hidden.rename(socket)
        assert await _count(database) == 1


async def test_connections_that_broke_are_replaced(postgresql_database):
    async with open_database(StorageSettings(database_url=postgresql_database)) as database:
        with pytest.raises(UnavailableError):
            await _lose_connection(database)
        assert await asyncio.gather(_count(database), _count(database)) == [0, 0]


async def _lose_connection(database):
    async with database.reading() as session:
        await session.scalar(select(1))
        await _end_connections(database)
        await session.scalar(select(1))


async def _end_connections(database):
    """Have the server end all connections, as a restart does."""
    async with database.reading() as session:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid != pg_backend_pid()"
        await session.execute(text(f"{others} AND backend_type = 'client backend'"))


async def _count(database):
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Record))


async def test_a_database_that_does_not_answer_at_the_start_is_refused(tmp_path):
    with pytest.raises(StartupError, match="expected a database that answers"):
        async with open_database(StorageSettings(database_url=f"postgresql://x@/x?host={tmp_path}")):
            pass


@pytest.mark.parametrize(
    ("url", "message"),
    [("mysql://localhost/x", "got mysql://"), ("nonsense", "expected a URL like postgresql://")],
)
def test_other_databases_are_refused(url, message):
    with pytest.raises(StartupError, match=message):
        open_engine(StorageSettings(database_url=url))


def test_database_url_is_read_without_the_prefix_too(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://user:word@host/name?sslmode=require")
    url = open_engine(StorageSettings()).url
    assert url.render_as_string(False) == "postgresql+asyncpg://user:word@host/name?ssl=require"


def test_migrate_says_what_it_did(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITONE_DATA_FOLDER", str(tmp_path / "data"))
    assert "was empty" in CliRunner().invoke(main, ["migrate"]).output
    assert "as before" in CliRunner().invoke(main, ["migrate"]).output
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "data" / "gateway.db").stat().st_mode & 0o777 == 0o600
