import asyncio
import io
import signal
import sys
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from tritone_gateway.backend import RecognitionChoices
from tritone_gateway.errors import (
    BadRequestError,
    DeadlineError,
    InternalError,
    NotFoundError,
    UnavailableError,
)
from tritone_gateway.jobs import recognition
from tritone_gateway.jobs.opening import open_background
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.schemas.records import asr_body
from tritone_gateway.settings import Settings
from tritone_gateway.storage.tables import Job, now

from tests.gateway.records.backends import HEARD, ScriptedBackend
from tests.gateway.records.kept import a_draft, kept

ROOT = Path(__file__).resolve().parents[3]
QUICK = {"sweep_every_s": 1000, "background_poll_s": 0.05}


@pytest.fixture
def settings(storage):
    return Settings(**{**storage.model_dump(), **QUICK})


@pytest.fixture
async def opened(settings):
    async with kept(settings) as held:
        yield held


@asynccontextmanager
async def working(opened, settings, backend, **changes):
    """Work in the background, as a process of its own would."""
    changed = settings.model_copy(update=changes)
    async with open_background(changed, opened.database, opened.records, backend, Metrics()) as background:
        yield background


async def submitted(opened, content=b"audio", **fields):
    choices = asdict(RecognitionChoices(boost={"tritone": 2.0}, written=True))
    job = Job(choices=choices, due_at=now(), base_url="http://here", **fields)
    return await opened.records.save(a_draft(duration_s=2.0), io.BytesIO(content), job)


async def job_of(opened, record):
    async with opened.database.reading() as session:
        return await session.scalar(select(Job).where(Job.record_uuid == record.uuid))


async def ended(opened, record, within_s=20):
    """Return the body of a record once its job has ended."""

    async def poll():
        while True:
            body = asr_body(await opened.records.get("one", "asr", record.uuid), "http://here")
            if body.state in ("done", "failed"):
                return body
            await asyncio.sleep(0.02)

    return await asyncio.wait_for(poll(), within_s)


async def test_a_job_is_done_as_it_was_asked_for(opened, settings):
    backend = ScriptedBackend()
    record = await submitted(opened, b"a recording")
    body = asr_body(record, "http://here")
    assert (body.state, body.progress, body.Output, body.words) == ("queued", 0, None, None)
    async with working(opened, settings, backend):
        body = await ended(opened, record)
    assert (body.state, body.progress, body.Output, body.transcript) == (
        "done",
        1,
        HEARD.text,
        HEARD.transcript,
    )
    assert [word.word for word in body.words] == ["hello", "world"]
    assert (body.duration_s, body.inference_time > 0) == (HEARD.duration_s, True)
    assert backend.calls == [b"a recording"]
    assert backend.choices == [RecognitionChoices(boost={"tritone": 2.0}, written=True)]
    assert await job_of(opened, record) is None
    assert len(opened.files()) == 1


async def test_a_new_job_is_not_waited_for_by_polling(opened, settings):
    async with working(opened, settings, ScriptedBackend(), background_poll_s=1000) as background:
        await asyncio.sleep(0.1)
        record = await submitted(opened)
        background.runner.wake()
        assert (await ended(opened, record)).state == "done"


async def test_a_job_that_runs_says_how_far_it_is(opened, settings):
    backend = ScriptedBackend(waiting=True)
    record = await submitted(opened)
    async with working(opened, settings, backend):
        await backend.begun.wait()
        await asyncio.sleep(0.1)
        body = asr_body(await opened.records.get("one", "asr", record.uuid), "")
        assert body.state == "running"
        assert 0 < body.progress < 1
        backend.go.set()
        assert (await ended(opened, record)).progress == 1


@pytest.mark.parametrize("error", [BadRequestError("audio: too long."), NotFoundError("model: unknown.")])
async def test_a_recording_that_cannot_be_recognised_fails_with_the_reason(opened, settings, error):
    backend = ScriptedBackend(error)
    record = await submitted(opened)
    async with working(opened, settings, backend):
        body = await ended(opened, record)
    assert (body.state, body.error, body.Output) == ("failed", error.message, None)
    assert len(backend.calls) == 1


async def test_a_job_waits_while_the_server_is_down_however_often(opened, settings, monkeypatch):
    monkeypatch.setattr(recognition, "_SHORTEST_DELAY_S", 0.01)
    backend = ScriptedBackend(*[UnavailableError("The speech server is not ready.")] * 5)
    record = await submitted(opened)
    async with working(opened, settings, backend, background_attempts=1):
        assert (await ended(opened, record)).state == "done"
    assert len(backend.calls) == 6


async def test_a_job_does_not_wait_for_ever(opened, settings):
    record = await submitted(opened)
    await opened.change(record, created_at=now() - timedelta(days=2))
    async with working(
        opened, settings, ScriptedBackend(UnavailableError("The speech server is not ready."))
    ):
        body = await ended(opened, record)
    assert (body.state, body.error) == ("failed", "The speech server is not ready.")


async def test_other_failures_are_tried_again_a_few_times(opened, settings, monkeypatch):
    monkeypatch.setattr(recognition, "_SHORTEST_DELAY_S", 0.01)
    backend = ScriptedBackend(
        InternalError("It failed."), DeadlineError("It took long."), InternalError("Last.")
    )
    record = await submitted(opened)
    async with working(opened, settings, backend, background_attempts=3):
        body = await ended(opened, record)
    assert (body.state, body.error, len(backend.calls)) == ("failed", "Last.", 3)


async def test_several_processes_do_each_job_once(opened, settings):
    records = [await submitted(opened, b"%d" % number) for number in range(12)]
    backends = [ScriptedBackend() for _ in range(3)]
    async with (
        kept(settings) as second,
        kept(settings) as third,
        working(opened, settings, backends[0]),
        working(second, settings, backends[1]),
        working(third, settings, backends[2]),
    ):
        for record in records:
            assert (await ended(opened, record)).state == "done"
    assert sorted(call for backend in backends for call in backend.calls) == sorted(
        b"%d" % number for number in range(12)
    )


async def test_a_process_that_is_killed_leaves_its_job_to_another(opened, settings):
    record = await submitted(opened, b"a recording")
    command = [sys.executable, "-m", "tests.gateway.records.dying_worker"]
    arguments = (settings.database_url, str(settings.data_folder))
    process = await asyncio.create_subprocess_exec(*command, *arguments, cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    assert (await job_of(opened, record)).worker is not None
    backend = ScriptedBackend()
    async with working(opened, settings, backend):
        assert (await ended(opened, record)).state == "done"
    assert backend.calls == [b"a recording"]


async def test_a_recording_that_kills_every_process_is_given_up(opened, settings):
    record = await submitted(opened, attempts=3)
    backend = ScriptedBackend()
    async with working(opened, settings, backend, background_attempts=3):
        body = await ended(opened, record)
    assert body.state == "failed"
    assert "stopped unexpectedly" in body.error
    assert backend.calls == []


async def test_a_process_that_stops_gives_its_job_back_at_once(opened, settings):
    stopped, other = ScriptedBackend(waiting=True), ScriptedBackend()
    record = await submitted(opened)
    async with working(opened, settings, stopped):
        await stopped.begun.wait()
    assert stopped.cancelled.is_set()
    job = await job_of(opened, record)
    assert (job.worker, job.attempts) == (None, 0)
    async with working(opened, settings, other):
        assert (await ended(opened, record)).state == "done"


async def test_a_job_that_another_process_took_over_is_left_alone(opened, settings):
    backend = ScriptedBackend(waiting=True)
    record = await submitted(opened)
    async with working(opened, settings, backend, background_lease_s=0.3, background_jobs=1):
        await backend.begun.wait()
        async with opened.database.writing() as session:
            other = record.uuid  # any identity but the worker's
            later = now() + timedelta(hours=1)
            await session.execute(update(Job).values(worker=other, due_at=later))
        await asyncio.wait_for(backend.cancelled.wait(), 10)
    assert (await job_of(opened, record)).worker == other
    assert await opened.states() == ["waiting"]


async def test_a_job_that_takes_longer_than_its_lease_is_kept(opened, settings):
    first, second = ScriptedBackend(waiting=True), ScriptedBackend()
    record = await submitted(opened)
    async with working(opened, settings, first, background_lease_s=1.2):
        await first.begun.wait()
        async with working(opened, settings, second):
            await asyncio.sleep(1.6)
            first.go.set()
            assert (await ended(opened, record)).state == "done"
    assert second.calls == []


async def test_deleting_a_record_ends_its_job(opened, settings):
    backend = ScriptedBackend(waiting=True)
    record = await submitted(opened)
    async with working(opened, settings, backend, background_lease_s=0.3):
        await backend.begun.wait()
        await opened.records.delete("one", "asr", record.uuid)
        await asyncio.wait_for(backend.cancelled.wait(), 10)
    assert (await opened.states(), opened.files()) == ([], [])


async def test_more_jobs_than_may_wait_are_refused(opened, settings):
    async with working(
        opened, settings, ScriptedBackend(), background_jobs=0, background_queue=1
    ) as background:
        await background.check_room()
        await submitted(opened)
        with pytest.raises(UnavailableError) as refused:
            await background.check_room()
    assert refused.value.retry_after_s > 0
