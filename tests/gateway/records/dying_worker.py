"""Dies while it recognises: python -m ... DATABASE_URL DATA_FOLDER."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tritone_gateway.jobs.opening import open_background
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.settings import Settings

from tests.gateway.records.kept import kept


class DyingBackend:
    async def transcribe(self, audio, choices):
        os.kill(os.getpid(), signal.SIGKILL)


async def main(url, folder):
    settings = Settings(database_url=url, data_folder=Path(folder), background_lease_s=0.5)
    async with (
        kept(settings) as opened,
        open_background(settings, opened.database, opened.records, DyingBackend(), Metrics()),
    ):
        await asyncio.sleep(20)


asyncio.run(main(*sys.argv[1:]))
