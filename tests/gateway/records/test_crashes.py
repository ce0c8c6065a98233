"""A process that dies between file and row leaves neither behind."""

import asyncio
import io
import signal
import sys
from pathlib import Path

import pytest
from tritone_gateway.errors import NotFoundError

from tests.gateway.records.kept import a_draft, kept

ROOT = Path(__file__).resolve().parents[3]


async def dies(storage, moment, *arguments):
    command = ["-m", "tests.gateway.records.dying", storage.database_url, str(storage.data_folder), moment]
    process = await asyncio.create_subprocess_exec(sys.executable, *command, *arguments, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL


async def test_killed_while_storing(storage):
    await dies(storage, "file without row")
    async with kept(storage) as opened:
        assert (await opened.states(), len(opened.files())) == ([], 1)
        await opened.sweep(storage)
        assert len(opened.files()) == 1  # another process may be storing it
        await opened.sweep(storage, orphan_age_s=0.0)
        assert opened.files() == []


@pytest.mark.parametrize(("moment", "files"), [("hidden row with file", 1), ("hidden row without file", 0)])
async def test_killed_while_removing(storage, moment, files):
    async with kept(storage) as opened:
        record = await opened.records.save(a_draft(), io.BytesIO(b"audio"))
        assert len(opened.files()) == 1
    await dies(storage, moment, str(record.uuid))
    assert len(opened.files()) == files
    async with kept(storage) as opened:
        with pytest.raises(NotFoundError):
            await opened.records.get("one", "asr", record.uuid)
        await opened.sweep(storage)
        assert (await opened.states(), opened.files()) == ([], [])


async def test_a_sweep_at_the_start_needs_nobody_to_ask_for_it(storage):
    async with kept(storage) as opened:
        record = await opened.records.save(a_draft(), io.BytesIO(b"audio"))
        await opened.change(record, state="deleting")
    async with kept(storage) as opened:
        while await opened.states():
            await asyncio.sleep(0.01)
        assert opened.files() == []
