"""The background work of this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from sqlalchemy import func, select

from tritone_gateway.backend import SpeechBackend
from tritone_gateway.errors import BadRequestError, UnavailableError
from tritone_gateway.jobs.leases import Leases
from tritone_gateway.jobs.recognition import RecognitionJobs
from tritone_gateway.jobs.runner import Runner
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.security.outgoing import checked_address
from tritone_gateway.settings import Settings
from tritone_gateway.storage.database import Database
from tritone_gateway.storage.records import Records
from tritone_gateway.storage.tables import Delivery, Job
from tritone_gateway.webhooks.delivery import Deliveries
from tritone_gateway.webhooks.signing import WebhookSecrets, read_secrets

_DELIVERIES_AT_A_TIME = 4
_FULL_RETRY_S = 60
_COUNTED_EVERY_S = 10.0


@dataclass(frozen=True)
class Background:
    """Where requests leave work for later."""

    settings: Settings
    database: Database
    runner: Runner[Job]
    secrets: WebhookSecrets | None

    async def check_callback(self, url: str) -> None:
        """Raise `BadRequestError` unless webhooks can be sent to an address."""
        if self.secrets is None:
            raise BadRequestError(
                "callback: expected none, as this gateway sends no webhooks; its operator can set "
                "webhook_secret_file.",
                param="callback",
            )
        await checked_address(url, self.settings.webhook_networks, param="callback")

    async def check_room(self) -> None:
        """Raise `UnavailableError` if too many recordings wait."""
        async with self.database.reading() as session:
            waiting = await session.scalar(select(func.count()).select_from(Job)) or 0
        if waiting >= self.settings.background_queue:
            raise UnavailableError(
                "Too many recordings wait to be recognised in the background.", retry_after_s=_FULL_RETRY_S
            )


@asynccontextmanager
async def open_background(
    settings: Settings, database: Database, records: Records, backend: SpeechBackend, metrics: Metrics
) -> AsyncIterator[Background]:
    """Do background work while the block runs.

    Raises:
        StartupError: the settings name a file of secrets that is none.
    """
    secrets = None if settings.webhook_secret_file is None else read_secrets(settings.webhook_secret_file)
    async with AsyncExitStack() as stack:
        tell = await stack.enter_async_context(_deliveries(settings, database, secrets))
        leases = Leases(database, Job, settings.background_lease_s)
        jobs = RecognitionJobs(database, records, backend, leases, settings, tell)
        runner = Runner(leases, jobs.do, settings.background_jobs, settings.background_poll_s)
        await stack.enter_async_context(runner.running())
        await stack.enter_async_context(_counted(database, metrics))
        yield Background(settings, database, runner, secrets)


@asynccontextmanager
async def _counted(database: Database, metrics: Metrics) -> AsyncIterator[None]:
    """Keep the metrics of jobs up to date while the block runs."""

    async def count() -> None:
        running = func.count(Job.worker)  # those that have one
        while True:
            with suppress(UnavailableError):
                async with database.reading() as session:
                    every, held = (
                        await session.execute(select(func.count(), running).select_from(Job))
                    ).one()
                metrics.jobs(waiting=every - held, running=held)
            await asyncio.sleep(_COUNTED_EVERY_S)

    counting = asyncio.create_task(count())
    try:
        yield
    finally:
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)


@asynccontextmanager
async def _deliveries(
    settings: Settings, database: Database, secrets: WebhookSecrets | None
) -> AsyncIterator[Callable[[], None]]:
    """Send webhooks while the block runs; yields what to call when there is a new one."""
    if secrets is None:
        yield lambda: None
        return
    leases = Leases(database, Delivery, settings.background_lease_s)
    deliveries = Deliveries(database, leases, secrets, settings, settings.webhook_networks)
    runner = Runner(leases, deliveries.do, _DELIVERIES_AT_A_TIME, settings.background_poll_s)
    async with runner.running():
        yield runner.wake
