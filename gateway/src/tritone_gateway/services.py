"""What requests use, opened once per process and closed at its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from fastapi.requests import HTTPConnection
from tritone_client import Tls

from tritone_gateway.backend import SpeechBackend
from tritone_gateway.backend.offered import Offered
from tritone_gateway.backend.traced import TracedBackend
from tritone_gateway.backend.triton import TritonBackend
from tritone_gateway.errors import StartupError
from tritone_gateway.jobs.opening import Background, open_background
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.observability.traces import Tracing
from tritone_gateway.process.draining import Draining
from tritone_gateway.security.access import Access, open_access
from tritone_gateway.settings import Settings
from tritone_gateway.storage.database import Database, open_database
from tritone_gateway.storage.opening import open_records
from tritone_gateway.storage.records import Records


@dataclass(frozen=True)
class Services:
    """What requests use."""

    settings: Settings
    backend: SpeechBackend
    offered: Offered
    database: Database
    records: Records
    background: Background
    draining: Draining
    metrics: Metrics
    access: Access


@asynccontextmanager
async def open_services(
    settings: Settings, draining: Draining, metrics: Metrics, traces: Tracing | None
) -> AsyncIterator[Services]:
    """Open everything that the settings name."""
    async with (
        _open_backend(settings, traces) as backend,
        open_database(settings) as database,
        open_records(settings, database) as records,
        open_background(settings, database, records, backend, metrics) as background,
        open_access(settings, database) as access,
    ):
        yield Services(
            settings, backend, Offered(backend), database, records, background, draining, metrics, access
        )


@asynccontextmanager
async def _open_backend(settings: Settings, traces: Tracing | None) -> AsyncIterator[SpeechBackend]:
    try:
        backend = TritonBackend(settings.triton_url, settings.overload_wait_s, _tls(settings))
    except ValueError as error:
        raise StartupError(f"triton_url, triton_ca, triton_certificate or triton_key: {error}") from error
    try:
        yield backend if traces is None else TracedBackend(backend, traces.tracer)
    finally:
        await backend.close()
        if traces is not None:
            await asyncio.to_thread(traces.stop)


def _tls(settings: Settings) -> Tls | None:
    if settings.triton_ca is None and settings.triton_certificate is None and settings.triton_key is None:
        return None
    return Tls(settings.triton_ca, settings.triton_certificate, settings.triton_key)


async def services(connection: HTTPConnection) -> Services:
    """Dependency of requests and WebSockets: the services of the process.

    Asynchronous, as FastAPI would hand each call of a plain function to a thread.
    """
    return cast(Services, connection.app.state.services)
