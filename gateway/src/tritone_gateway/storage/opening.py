"""Opening the store of audio that the settings name, and the records in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import fsspec
from sqlalchemy import select

from tritone_gateway.errors import StartupError
from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.audio_store import AudioStore
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.encryption import read_keys
from tritone_gateway.storage.records import Records
from tritone_gateway.storage.sweep import Sweep
from tritone_gateway.storage.tables import Store
from tritone_gateway.storage.threads import Threads

# Of each request to S3; by default a caller would wait for minutes.
_PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"max_attempts": 2}}


@asynccontextmanager
async def open_records(settings: StorageSettings, database: Database) -> AsyncIterator[Records]:
    """Open the records in a database and their audio, and keep them swept.

    Raises:
        StartupError: the settings do not name a store that can be used.
    """
    threads = Threads()
    try:
        cipher = None if settings.audio_key_file is None else read_keys(settings.audio_key_file)
        async with database.reading() as session:
            folder = (await session.scalars(select(Store.folder))).one()
        files, root = await threads.run(_opened, settings)
        records = Records(database, AudioStore(files, f"{root}/{folder}", cipher, threads))
        sweeping = asyncio.create_task(Sweep(database, records, settings).run())
        try:
            yield records
        finally:
            sweeping.cancel()
            with suppress(asyncio.CancelledError):
                await sweeping
    finally:
        threads.close()


def _opened(settings: StorageSettings) -> tuple[fsspec.AbstractFileSystem, str]:
    url = settings.audio_url or str(settings.data_folder / "audio")
    scheme = url.partition("://")[0] if "://" in url else "file"
    if scheme not in ("file", "s3"):
        raise StartupError(f"audio_url: expected a folder or s3://BUCKET/PREFIX, got {scheme}://.")
    try:
        if scheme == "file":
            folder = Path(url.removeprefix("file://")).absolute()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return fsspec.filesystem("file"), str(folder)
        files = fsspec.filesystem(
            "s3", skip_instance_cache=True, use_listings_cache=False, config_kwargs=_PATIENCE
        )
        root = url.removeprefix("s3://").rstrip("/")
        files.ls(root.partition("/")[0], detail=False)
    except ImportError:
        raise StartupError(
            "audio_url: expected the package s3fs; pip install 'tritone-gateway[s3]'."
        ) from None
    except Exception as error:  # what a store raises is up to its library
        raise StartupError(f"audio_url: {url} cannot be used: {error}") from error
    return files, root
