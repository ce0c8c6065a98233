"""Databases for tests: SQLite, and Debian's PostgreSQL in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from sqlalchemy import text
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.database import open_engine
from tritone_gateway.storage.tables import Record, now

UNPRIVILEGED = "nobody"  # PostgreSQL refuses to run as root


def postgresql_programs() -> Path | None:
    """Return the folder of PostgreSQL's server programs, or None where it is not installed."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return folders[-1].parent if folders else None


@contextmanager
def postgresql(programs: Path) -> Iterator[str]:
    """Run a PostgreSQL server on a socket in a temporary folder; yields the URL of an empty database."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        data, as_user = folder / "data", {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(UNPRIVILEGED)
            shutil.chown(folder, UNPRIVILEGED)
            as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, *arguments]
            subprocess.run(command, check=True, capture_output=True, cwd=folder, **as_user)

        run("initdb", "-D", str(data), "-U", "tritone", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = (
            f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=16MB"
        )
        run("pg_ctl", "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://tritone@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


async def emptied(url: str) -> None:
    """Drop everything in a database of PostgreSQL."""
    engine = open_engine(StorageSettings(database_url=url))
    async with engine.begin() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await engine.dispose()


def a_record(**fields: object) -> Record:
    """Return a finished record."""
    made = now() - timedelta(seconds=1)
    usual = {
        "kind": "asr",
        "owner": "local",
        "state": "done",
        "created_at": made,
        "audio_path": "",
        "audio_size": 0,
        "audio_digest": "",
        "name": "a",
    }
    return Record(uuid=uuid4(), **{"name": "", **usual, **fields})
