"""Calls that block, in threads of their own: slow storage must not hold up what else runs in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREADS = 16


class Threads:
    """Threads for one service; `close` waits for what runs."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, "storage")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Make a call. A caller that is cancelled still waits for its end, so that nothing goes on unseen."""
        future = asyncio.get_running_loop().run_in_executor(self._pool, lambda: call(*args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise

    def close(self) -> None:
        """Wait for running calls and end the threads."""
        self._pool.shutdown()
