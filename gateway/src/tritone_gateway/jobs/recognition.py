"""Recognises recordings in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import perf_counter
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from tritone_client import Transcription, Word

from tritone_gateway.backend import RecognitionChoices, SpeechBackend
from tritone_gateway.errors import DeadlineError, GatewayError, InternalError, UnavailableError
from tritone_gateway.jobs.leases import Leases
from tritone_gateway.settings.jobs import JobSettings
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.records import (
    DONE,
    FAILED,
    Records,
    searchable,
    stored_audio,
)
from tritone_gateway.storage.tables import Delivery, Job, Record, now

_log = logging.getLogger(__name__)
_SHORTEST_DELAY_S, _LONGEST_DELAY_S = 1.0, 60.0  # before another try
_WITHOUT_ITS_FAULT = (InternalError, DeadlineError)


@dataclass
class Pace:
    """How fast recordings are recognised, learned from each."""

    seconds_per_second: float = 0.05  #: of processing for each of audio

    def expected_s(self, duration_s: float | None) -> float | None:
        """Return how long a recording will take."""
        return None if duration_s is None else 0.5 + duration_s * self.seconds_per_second

    def learn(self, duration_s: float | None, took_s: float) -> None:
        """Take a recording into account."""
        if duration_s:
            self.seconds_per_second += 0.3 * (took_s / duration_s - self.seconds_per_second)


class RecognitionJobs:
    """What to do with one job.

    Args:
        tell: called when a webhook is to be sent.
    """

    def __init__(
        self,
        database: Database,
        records: Records,
        backend: SpeechBackend,
        leases: Leases[Job],
        settings: JobSettings,
        tell: Callable[[], None],
    ) -> None:
        self._database = database
        self._records = records
        self._backend = backend
        self._leases = leases
        self._settings = settings
        self._tell = tell
        self._pace = Pace()

    async def do(self, job: Job) -> None:
        """Recognise the recording of a job, and store the result, the failure, or when to try again."""
        record = await self._begun(job)
        if record is None:
            return
        if job.attempts > self._settings.background_attempts:
            await self._failed(job, "The gateway stopped unexpectedly each time while recognising it.")
            return
        started = perf_counter()
        try:
            result = await self._recognise(record, RecognitionChoices(**job.choices))
        except UnavailableError as error:
            await self._put_back(job, record, error.message, counted=False)
        except _WITHOUT_ITS_FAULT as error:
            if job.attempts < self._settings.background_attempts:
                await self._put_back(job, record, error.message, counted=True)
            else:
                await self._failed(job, error.message)
        except GatewayError as error:
            await self._failed(job, error.message)
        else:
            took_s = perf_counter() - started
            self._pace.learn(result.duration_s, took_s)
            await self._done(job, record, result, took_s)

    async def _begun(self, job: Job) -> Record | None:
        async with self._database.writing() as session:
            record = await session.get(Record, job.record_uuid)
            if record is None:
                return None
            expected_s = self._pace.expected_s(record.duration_s)
            begun = update(Job).where(Job.record_uuid == record.uuid)
            await session.execute(begun.values(started_at=now(), expected_s=expected_s))
            return record

    async def _recognise(self, record: Record, choices: RecognitionChoices) -> Transcription:
        with NamedTemporaryFile(suffix=f".{record.audio_suffix}") as file:
            await self._records.audio.copy(stored_audio(record), file)
            file.flush()
            return await self._backend.transcribe(Path(file.name), choices)

    async def _put_back(self, job: Job, record: Record, reason: str, *, counted: bool) -> None:
        if now() - record.created_at > timedelta(days=self._settings.background_days):
            await self._failed(job, reason)
            return
        waited_s = (now() - record.created_at).total_seconds()
        delay_s = min(_LONGEST_DELAY_S, max(_SHORTEST_DELAY_S, waited_s / 2))
        await self._leases.put_back(job, delay_s, counted=counted)

    async def _done(self, job: Job, record: Record, result: Transcription, took_s: float) -> None:
        fill(record, result, took_s)
        fields = ("text", "transcript", "written_text", "words", "duration_s", "inference_time_s")
        values: dict[str, Any] = {field: getattr(record, field) for field in fields}
        await self._end(job, {**values, "search_text": searchable(record), "state": DONE})

    async def _failed(self, job: Job, reason: str) -> None:
        await self._end(job, {"state": FAILED, "error": reason})

    async def _end(self, job: Job, values: dict[str, Any]) -> None:
        async with self._database.writing() as session:
            if not await self._leases.finish(session, job):
                return  # somebody else's by now, or deleted
            ended = update(Record).where(Record.uuid == job.record_uuid)
            await session.execute(ended.values(values))
            if job.callback:
                session.add(
                    Delivery(
                        uuid=uuid4(),
                        record_uuid=job.record_uuid,
                        url=job.callback,
                        base_url=job.base_url,
                        due_at=now(),
                    )
                )
        self._tell()


def fill(record: Record, result: Transcription, took_s: float) -> None:
    """Write a transcription into its record."""
    record.text, record.transcript = result.text, result.transcript
    record.written_text = result.written_text
    record.words = [_word(word) for word in result.words]
    if result.duration_s is not None:
        record.duration_s = result.duration_s
    record.inference_time_s = round(took_s, 4)


def _word(word: Word) -> dict[str, Any]:
    return {
        "word": word.word,
        "start_s": round(word.start_s, 3),
        "end_s": round(word.end_s, 3),
        "confidence": round(word.confidence, 4),
    }
