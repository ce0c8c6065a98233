"""Responses that grow, and requests whose callers may go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import aclosing
from typing import Any, TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from tritone_gateway.errors import ClientGoneError, InternalError

Result = TypeVar("Result")


class StreamResponse(StreamingResponse):
    """Sends what a source yields, each part at once; closes it at the end, or when the client is gone.

    Nothing runs ahead of a slow client: the next part is asked for when the connection has taken the last.
    """

    def __init__(
        self,
        first: bytes,
        source: AsyncGenerator[bytes, None],
        media_type: str,
        headers: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> None:
        """Send the first part and what else the source has; see `begin`."""
        super().__init__(_joined(first, source), status, media_type=media_type, headers=headers)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the response."""
        async with aclosing(self._source):
            await super().__call__(scope, receive, send)


async def _joined(first: bytes, source: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    yield first
    async for part in source:
        yield part


async def begin(request: Request, source: AsyncGenerator[bytes, None], media_type: str) -> StreamResponse:
    """Wait for the first part of a source, so that an error before it has a status of its own.

    Raises:
        ClientGoneError: the client has gone meanwhile.
    """

    async def first() -> bytes | None:
        return await anext(source, None)

    part = await while_connected(request, first())
    if part is None:
        raise InternalError("The speech server answered nothing; its log has the reason.")
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamResponse(part, source, media_type, headers)


async def while_connected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of some work, which is cancelled when the client goes away.

    The request's body must have been read.

    Raises:
        ClientGoneError: the client has gone.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait((task, gone), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGoneError("The client has closed the connection.")
        return task.result()
    finally:
        for each in (task, gone):
            each.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
