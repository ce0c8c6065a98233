"""The database's tables."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Double, ForeignKey, Index, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

_NAMES = {  # constraints need names for later migrations
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone, UTC; SQLite has no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what is stored."""
        return None if value is None else value.astimezone(timezone.utc)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return what was stored."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(timezone.utc)


class Base(DeclarativeBase):
    """All tables of the gateway."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcTime,
        float: Double,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class Store(Base):
    """One row: the folder of this database's audio in the store, so that two databases may share a bucket."""

    __tablename__ = "store"

    folder: Mapped[str] = mapped_column(String(36), primary_key=True)


class Record(Base):
    """A recording that was recognised, or a text that was spoken."""

    __tablename__ = "records"
    __table_args__ = (
        Index(None, "owner", "kind", "created_at", "state"),
        Index(None, "state"),
    )

    uuid: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(3))  #: asr or tts
    owner: Mapped[str] = mapped_column(String(64))  #: id of the key that made it
    state: Mapped[str] = mapped_column(String(8))  #: see `records.State`
    created_at: Mapped[datetime] = mapped_column(index=True)
    name: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text, default="")  #: punctuated, or as given to be spoken
    transcript: Mapped[str] = mapped_column(Text, default="")  #: as recognised
    written_text: Mapped[str | None] = mapped_column(Text)  #: with figures, if that was asked for
    words: Mapped[list[Any]] = mapped_column(default=list)
    search_text: Mapped[str] = mapped_column(Text, default="")  #: name and texts, casefolded
    duration_s: Mapped[float | None]  #: of the audio
    inference_time_s: Mapped[float | None]
    model: Mapped[str] = mapped_column(String(200), default="")  #: empty: the server's default one
    error: Mapped[str | None] = mapped_column(Text)  #: why a job failed
    audio_size: Mapped[int] = mapped_column(BigInteger)  #: bytes, as callers receive them
    audio_digest: Mapped[str] = mapped_column(String(64))  #: SHA-256 of them
    audio_path: Mapped[str] = mapped_column(String(100), index=True)  #: in the store
    audio_suffix: Mapped[str] = mapped_column(String(8), default="")  #: of its format, without a dot
    audio_type: Mapped[str] = mapped_column(String(40), default="")  #: media type
    audio_encrypted: Mapped[bool] = mapped_column(default=False)

    job: Mapped[Job | None] = relationship(
        back_populates="record", cascade="all, delete-orphan", lazy="joined"
    )


class ApiKey(Base):
    """A key that callers authenticate with; see `security.keys`."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)  #: public
    digest: Mapped[str] = mapped_column(String(64))  #: SHA-256 of the secret
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]]  #: values of `Scope`
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  #: to a minute
    requests_per_minute: Mapped[int | None]
    concurrent_requests: Mapped[int | None]


class Leased:
    """Work that one process at a time does; it has to extend its lease, or another one takes over."""

    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime] = mapped_column(index=True)  #: not before; while it is done, when the lease ends
    worker: Mapped[UUID | None]  #: of the lease


class Job(Leased, Base):
    """Recognition in the background, while it is not finished."""

    __tablename__ = "jobs"

    record_uuid: Mapped[UUID] = mapped_column(
        ForeignKey("records.uuid", ondelete="CASCADE"), primary_key=True
    )
    choices: Mapped[dict[str, Any]]  #: how to recognise
    started_at: Mapped[datetime | None]
    expected_s: Mapped[float | None]  #: how long it will take from then, estimated
    callback: Mapped[str | None] = mapped_column(Text)  #: URL that is told of the end
    base_url: Mapped[str] = mapped_column(Text)  #: of the gateway, as the caller sees it

    record: Mapped[Record] = relationship(back_populates="job", lazy="raise")


class Delivery(Leased, Base):
    """A message to a caller's URL, until it is delivered or given up."""

    __tablename__ = "deliveries"

    uuid: Mapped[UUID] = mapped_column(primary_key=True)
    record_uuid: Mapped[UUID] = mapped_column(ForeignKey("records.uuid", ondelete="CASCADE"), index=True)
    url: Mapped[str] = mapped_column(Text)
    base_url: Mapped[str] = mapped_column(Text)  #: of the gateway, as the caller sees it
