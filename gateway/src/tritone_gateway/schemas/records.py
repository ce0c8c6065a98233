"""Bodies of the REST API: records of recordings and of spoken texts."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import inspect

from tritone_gateway.storage.records import DONE, FAILED, WAITING
from tritone_gateway.storage.tables import Record, now

State = Literal["queued", "running", "done", "failed"]
_FORMATS = {"wav": "wav", "flac": "flac", "mp3": "mp3", "ogg": "opus", "aac": "aac"}  # by suffix
Item = TypeVar("Item")
_NEVER_SURE = 0.95  # progress is an estimate


class _Body(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


class WordBody(_Body):
    """One recognised word."""

    word: str
    start_s: float
    """Seconds from the start of the recording."""
    end_s: float
    """Seconds from the start of the recording."""
    confidence: float
    """0 to 1."""


class RecordBody(_Body):
    """What all records have."""

    uuid: UUID
    name: str
    state: State
    """What came of it; only recordings that are recognised in the background wait, run or fail."""
    audio: str
    """URL of the recording, or of the speech."""
    duration_s: float | None
    """Length of the audio in seconds."""
    inference_time: float | None
    """Seconds that the speech server took."""
    model: str
    """Recogniser or voice, empty: the default one."""
    created_at: datetime


class AsrBody(RecordBody):
    """A recording and what was said in it; the texts are null until it is recognised."""

    Output: str | None
    """The text, punctuated and capitalised."""
    transcript: str | None
    """The words as recognised."""
    written_text: str | None
    """The text with numbers in figures, if that was asked for."""
    words: list[WordBody] | None
    """The words with their times; not in lists."""
    progress: float
    """0 to 1; while it runs, estimated from its length."""
    error: str | None
    """Why it failed."""


class TtsBody(RecordBody):
    """A text and its speech."""

    text_content: str
    format: str
    """Of the audio: wav, mp3 ..."""


class PageBody(_Body, Generic[Item]):
    """A page of records, the newest first."""

    count: int
    """Of all that match."""
    next: str | None
    """URL of the next page."""
    previous: str | None
    """URL of the previous page."""
    results: list[Item]


class TtsRequest(BaseModel):
    """What to speak."""

    model_config = ConfigDict(use_attribute_docstrings=True, extra="forbid")

    text: str = Field(min_length=1)
    """The text to speak."""
    name: str = ""
    """A name for the record."""
    seed: int | None = Field(None, ge=0, lt=2**63)
    """Equal seeds give equal speech."""
    speed: float | None = Field(None, ge=0.5, le=2)
    """1: as the voice speaks."""
    format: Literal["wav", "flac", "mp3", "opus", "aac"] = "wav"
    """Of the audio."""
    model: str = ""
    """Name of a voice; empty: the default one."""


def asr_body(record: Record, base_url: str) -> AsrBody:
    """Return the body of a record of a recording."""
    done = record.state == DONE
    return AsrBody(
        **_common(record, base_url),
        Output=record.text if done else None,
        transcript=record.transcript if done else None,
        written_text=record.written_text,
        words=[WordBody(**word) for word in record.words] if done and _has_words(record) else None,
        progress=_progress(record),
        error=record.error,
    )


def tts_body(record: Record, base_url: str) -> TtsBody:
    """Return the body of a record of a spoken text."""
    return TtsBody(
        **_common(record, base_url), text_content=record.text, format=_FORMATS[record.audio_suffix]
    )


def media_path(record: Record) -> str:
    """Return the path of a record's audio in URLs."""
    return f"/media/{record.kind}/{record.uuid}.{record.audio_suffix}"


def _common(record: Record, base_url: str) -> dict[str, Any]:
    return {
        "uuid": record.uuid,
        "name": record.name,
        "state": _state(record),
        "audio": base_url + media_path(record),
        "duration_s": record.duration_s,
        "inference_time": record.inference_time_s,
        "model": record.model,
        "created_at": record.created_at,
    }


def _state(record: Record) -> State:
    if record.state == WAITING:
        return "running" if record.job is not None and record.job.worker is not None else "queued"
    return "failed" if record.state == FAILED else "done"


def _progress(record: Record) -> float:
    job = record.job
    if record.state != WAITING:
        return 1.0
    if job is None or job.worker is None or job.started_at is None or not job.expected_s:
        return 0.0
    return round(min(_NEVER_SURE, (now() - job.started_at).total_seconds() / job.expected_s), 2)


def _has_words(record: Record) -> bool:
    return "words" not in inspect(record, raiseerr=True).unloaded
