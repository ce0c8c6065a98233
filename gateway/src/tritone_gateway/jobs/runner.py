"""Does the tasks of one table, several at a time, as long as the process runs."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Generic

from tritone_gateway.errors import UnavailableError
from tritone_gateway.jobs.leases import Leases, Task

_log = logging.getLogger(__name__)
_EXTENSIONS = 3  # in the time of a lease


class Runner(Generic[Task]):
    """Claims tasks and does them.

    Args:
        leases: of their table.
        do: does one, and finishes it or puts it back.
        at_a_time: how many of them.
        poll_s: how often the table is looked at for tasks that other processes left.
    """

    def __init__(
        self,
        leases: Leases[Task],
        do: Callable[[Task], Awaitable[None]],
        at_a_time: int,
        poll_s: float,
    ) -> None:
        self._leases = leases
        self._do = do
        self._at_a_time = at_a_time
        self._poll_s = poll_s
        self._news = asyncio.Event()

    def wake(self) -> None:
        """Look for tasks now, as there is a new one."""
        self._news.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Do tasks while the block runs. At its end, what is being done is put back for others."""
        loops = [asyncio.create_task(self._loop()) for _ in range(self._at_a_time)]
        try:
            yield
        finally:
            for loop in loops:
                loop.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    async def _loop(self) -> None:
        while True:
            try:
                self._news.clear()
                task = await self._leases.claim()
                if task is None:
                    await self._wait()
                else:
                    await self._held(task)
            except UnavailableError:
                await asyncio.sleep(self._poll_s)
            except Exception:
                _log.exception("background task failed; it is tried again when its lease ends")
                await asyncio.sleep(self._poll_s)

    async def _wait(self) -> None:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._news.wait(), self._poll_s * random.uniform(0.8, 1.2))

    async def _held(self, task: Task) -> None:
        """Do a task while its lease can be extended."""
        doing = asyncio.ensure_future(self._do(task))
        extending = asyncio.create_task(self._extend(task))
        try:
            await asyncio.wait((doing, extending), return_when=asyncio.FIRST_COMPLETED)
            if doing.done():
                await doing
        except asyncio.CancelledError:
            await self._stopped(doing, extending)
            with suppress(UnavailableError):
                await self._leases.put_back(task, counted=False)
            raise
        finally:
            await self._stopped(doing, extending)

    async def _extend(self, task: Task) -> None:
        """Return when the lease is lost."""
        while True:
            await asyncio.sleep(self._leases.lease_s / _EXTENSIONS)
            with suppress(UnavailableError):
                if not await self._leases.extend(task):
                    return

    async def _stopped(self, *futures: asyncio.Future[None]) -> None:
        for future in futures:
            future.cancel()
        await asyncio.gather(*futures, return_exceptions=True)
