"""Dies while it stores or removes a record: python dying.py DATABASE_URL DATA_FOLDER MOMENT [UUID]."""

import asyncio
import io
import os
import signal
import sys
from pathlib import Path
from uuid import UUID

from tritone_gateway.settings.storage import StorageSettings
from tritone_gateway.storage.audio_store import AudioStore
from tritone_gateway.storage.records import Records

from tests.gateway.records.kept import a_draft, kept


async def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def before(owner, name):
    setattr(owner, name, die)


def after(owner, name):
    method = getattr(owner, name)

    async def and_die(*arguments):
        await method(*arguments)
        await die()

    setattr(owner, name, and_die)


async def main(url, folder, moment, uuid=None):
    settings = StorageSettings(database_url=url, data_folder=Path(folder), sweep_every_s=1000)
    async with kept(settings) as opened:
        if moment == "file without row":
            after(AudioStore, "write")
        elif moment == "hidden row with file":
            before(AudioStore, "delete")
        elif moment == "hidden row without file":
            after(AudioStore, "delete")
        if uuid is None:
            await opened.records.save(a_draft(), io.BytesIO(b"audio"))
        else:
            await opened.records.delete("one", "asr", UUID(uuid))
        assert isinstance(opened.records, Records), "it should have died"


asyncio.run(main(*sys.argv[1:]))
