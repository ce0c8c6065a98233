"""Executes streaming flows: blocking, in the thread of the caller, and in an event loop.

No thread and no task of its own takes the caller's input, so nothing outlives a stream that is closed early.
"""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
)
from dataclasses import replace
from typing import Any, Protocol

from tritone_client.errors import TritoneError
from tritone_client.flows import FlowRun
from tritone_client.streaming.steps import (
    ENDED,
    Connect,
    Emit,
    Receive,
    Send,
    StreamFlow,
    StreamRequest,
    StreamResponse,
    TakeInput,
)


class Stream(Protocol):
    """A stream of requests and responses to a server."""

    def send(self, request: StreamRequest) -> None:
        """Send a request."""

    def receive(self, timeout_s: float) -> StreamResponse:
        """Return the next response; raise a TritoneError."""

    def close(self) -> None:
        """End the stream; what the server is still computing for it is cancelled."""


class AsyncStream(Protocol):
    """The same for asyncio."""

    async def send(self, request: StreamRequest) -> None:
        """Send a request."""

    async def receive(self, timeout_s: float) -> StreamResponse:
        """Return the next response; raise a TritoneError."""

    async def close(self) -> None:
        """End the stream; what the server is still computing for it is cancelled."""


def run_stream(
    flow: StreamFlow,
    inputs: Iterable[Any],
    connect: Callable[[], Stream],
    other: Callable[[Any], Any],
    name_of: Callable[[str], str],
) -> Generator[Any, None, None]:
    """Run a flow and yield what it emits.

    Args:
        flow: of streaming steps.
        inputs: the caller's items. Their exceptions are raised as they are.
        connect: opens a stream.
        other: executes the steps of plain flows.
        name_of: returns the model to ask instead of a public one.
    """
    items = iter(inputs)
    stream: Stream | None = None
    run = FlowRun(flow)
    try:
        while (step := run.step) is not None:
            answer: Any = None
            if isinstance(step, Emit):
                yield step.item
            elif isinstance(step, TakeInput):
                answer = next(items, ENDED)
            else:
                try:
                    if isinstance(step, Connect):
                        if stream is not None:
                            stream.close()
                        stream = connect()
                    elif isinstance(step, Send) and stream is not None:
                        stream.send(_addressed(step.request, name_of))
                    elif isinstance(step, Receive) and stream is not None:
                        answer = stream.receive(step.timeout_s)
                    else:
                        answer = other(step)
                except TritoneError as error:
                    run.fail(error)
                    continue
            run.answer(answer)
    finally:
        flow.close()
        if stream is not None:
            stream.close()


async def run_stream_async(
    flow: StreamFlow,
    inputs: Iterable[Any] | AsyncIterable[Any],
    connect: Callable[[], AsyncStream],
    other: Callable[[Any], Any],
    name_of: Callable[[str], str],
) -> AsyncGenerator[Any, None]:
    """Do the same in an event loop; the caller's items may also come from an asynchronous iterator."""
    take = _taker(inputs)
    stream: AsyncStream | None = None
    run = FlowRun(flow)
    try:
        while (step := run.step) is not None:
            answer: Any = None
            if isinstance(step, Emit):
                yield step.item
            elif isinstance(step, TakeInput):
                answer = await take()
            else:
                try:
                    if isinstance(step, Connect):
                        if stream is not None:
                            await stream.close()
                        stream = connect()
                    elif isinstance(step, Send) and stream is not None:
                        await stream.send(_addressed(step.request, name_of))
                    elif isinstance(step, Receive) and stream is not None:
                        answer = await stream.receive(step.timeout_s)
                    else:
                        answer = await other(step)
                except TritoneError as error:
                    run.fail(error)
                    continue
            run.answer(answer)
    finally:
        flow.close()
        if stream is not None:
            await stream.close()


def _taker(inputs: Iterable[Any] | AsyncIterable[Any]) -> Callable[[], Any]:
    if isinstance(inputs, AsyncIterable):
        coming: AsyncIterator[Any] = aiter(inputs)

        async def take() -> Any:
            return await anext(coming, ENDED)

    else:
        items: Iterator[Any] = iter(inputs)

        async def take() -> Any:
            return next(items, ENDED)

    return take


def _addressed(request: StreamRequest, name_of: Callable[[str], str]) -> StreamRequest:
    return replace(request, model=name_of(request.model))
