"""Serve streams: requests with many responses, and sequences of requests that belong together."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Condition, Lock, Thread
from typing import Any

import triton_python_backend_utils as pb_utils

from ..bounded_queue import BoundedQueue, QueueLimits
from ..errors import InputError, OverloadError
from .configuration import Parameters
from .requests import Interface, ModelRequest, read_request
from .responses import ResponseSender, error_response, hand_over

_CLOSE_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class Piece:
    """One request of a stream."""

    sender: ResponseSender
    request: ModelRequest
    first: bool  # of its stream
    last: bool  # of its stream


class Stream:
    """The requests of one client, in order, until the one that ends them.

    Args:
        key: the sequence's id; None for a request that is a stream of its own.
        most_waiting: requests that may wait for the ones before them.
        idle_timeout_s: longest wait for the next request.
    """

    def __init__(self, key: int | str | None, most_waiting: int, idle_timeout_s: float) -> None:
        self.key = key
        self._most = most_waiting
        self._idle_timeout_s = idle_timeout_s
        self._waiting: deque[Piece] = deque()
        self._changed = Condition()
        self._ended: Exception | None = None
        self._current: Piece | None = None

    def put(self, piece: Piece) -> None:
        """Add a request.

        Raises:
            OverloadError: too many wait.
            Exception: the stream was ended, with its reason.
        """
        with self._changed:
            if self._ended is not None:
                raise self._ended
            if len(self._waiting) >= self._most:
                raise OverloadError(
                    f"stream: expected at most {self._most} waiting pieces, got one more; send longer "
                    "pieces, or wait for the responses to earlier ones."
                )
            self._waiting.append(piece)
            self._changed.notify_all()

    def __iter__(self) -> Iterator[Piece]:
        """Yield the requests, each when it is there, up to the last.

        Raises:
            TimeoutError: the next one did not come in time.
        """
        while True:
            with self._changed:
                there = self._changed.wait_for(
                    lambda: self._waiting or self._ended is not None, self._idle_timeout_s
                )
                if self._ended is not None:
                    return
                if not there:
                    raise TimeoutError
                self._current = self._waiting.popleft()
            yield self._current
            if self._current.last:
                return

    def is_cancelled(self) -> bool:
        """Return whether the client has cancelled the request that is served."""
        return self._current is not None and self._current.sender.is_cancelled()

    def end(self, reason: Exception) -> list[Piece]:
        """Take no further requests; return those that have not had their final response."""
        with self._changed:
            self._ended = reason
            left = [*([self._current] if self._current else []), *self._waiting]
            self._waiting.clear()
            self._changed.notify_all()
        return left


class StreamThreads:
    """Serves many streams of one model instance at a time, each in a thread.

    A request without a sequence id is a stream of its own. Requests of a sequence (START, id, END, as in
    Triton's sequence batcher, which this replaces: it would hold a piece back until the one before is
    answered) go to the thread of their stream, in the order in which they arrive.

    Args:
        interface: what to read of each request.
        serve: serves one stream: iterates over it and sends the responses, all but the final one of each.
        parameters: the model's: at most `requests_in_flight` streams are served and `queue_requests` wait,
            each for at most `queue_timeout_s` or its first request's `timeout`; further ones are rejected.
            A sequence whose next request does not come within `idle_timeout_s` is ended, and at most
            `waiting_pieces` of its requests wait.
    """

    def __init__(self, interface: Interface, serve: Callable[[Stream], None], parameters: Parameters) -> None:
        self._interface = interface
        self._serve = serve
        self._most_waiting = parameters.count("waiting_pieces")
        self._idle_timeout_s = parameters.number("idle_timeout_s")
        self._streams: dict[int | str, Stream] = {}
        self._lock = Lock()  # of the streams
        limits = QueueLimits(parameters.count("queue_requests"), parameters.number("queue_timeout_s"))
        workers = parameters.count("requests_in_flight")
        self._queue: BoundedQueue[Stream] = BoundedQueue(workers, limits, self._end)
        self._threads = [
            Thread(target=self._run, name=f"stream-{index}", daemon=True) for index in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def execute(self, requests: Sequence[Any]) -> None:
        """Hand requests to their streams; each gets its responses through its own sender. Never raises."""
        hand_over(requests, self._accept)

    def _accept(self, request: Any, sender: ResponseSender) -> None:
        flags, key = request.flags(), request.correlation_id() or None
        first = key is None or bool(flags & pb_utils.TRITONSERVER_REQUEST_FLAG_SEQUENCE_START)
        last = key is None or bool(flags & pb_utils.TRITONSERVER_REQUEST_FLAG_SEQUENCE_END)
        if first:
            self._queue.require_space()
            stream = self._opened(key)
        else:
            stream = self._open(key)
        try:
            read = read_request(request, self._interface, sender.is_cancelled)
            # Triton reuses the inputs' memory as soon as execute returns.
            copied = replace(read, inputs={name: array.copy() for name, array in read.inputs.items()})
            stream.put(Piece(sender, copied, first, last))
            if first:
                self._queue.put(stream, request.timeout() / 1e6)
        except Exception as error:
            if first:
                stream.end(error)
                self._forget(stream)
            raise
        if last:
            self._forget(stream)  # of further requests with its id, the first starts another stream

    def _opened(self, key: int | str | None) -> Stream:
        stream = Stream(key, self._most_waiting, self._idle_timeout_s)
        with self._lock:
            if key is not None and key in self._streams:
                raise InputError(
                    "sequence: expected an id that is not in use, got START for a sequence that has not "
                    "ended; send END first, or use another id."
                )
            if key is not None:
                self._streams[key] = stream
        return stream

    def _open(self, key: int | str | None) -> Stream:
        with self._lock:
            stream = self._streams.get(key) if key is not None else None
        if stream is None:
            raise InputError(
                "sequence: expected a sequence that is open, got a request without START whose sequence "
                f"was never started, has ended, failed, or was idle for {self._idle_timeout_s:g} s; "
                "start another."
            )
        return stream

    def _forget(self, stream: Stream) -> None:
        with self._lock:
            if stream.key is not None and self._streams.get(stream.key) is stream:
                del self._streams[stream.key]

    def _end(self, stream: Stream, error: Exception) -> None:
        """End a stream, and answer what it has left with the error."""
        self._forget(stream)
        for piece in stream.end(error):
            piece.sender.send(error_response(error))

    def _run(self) -> None:
        while (stream := self._queue.get()) is not None:
            try:
                self._serve(stream)
                self._forget(stream)
            except TimeoutError:
                self._end(
                    stream, InputError("sequence: ended, since no request came in time; start another.")
                )
            except Exception as error:
                with suppress(Exception):
                    self._end(stream, error)

    def close(self) -> None:
        """Finish running and waiting streams; sequences that wait for their next request are ended."""
        self._queue.close()
        with self._lock:
            streams = list(self._streams.values())
        for stream in streams:
            self._end(
                stream, OverloadError("expected a loaded model, got one that is being unloaded; retry.")
            )
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))


class StreamingModel:
    """Base of a TritonPythonModel that sets `threads` in `initialize`."""

    threads: StreamThreads

    def execute(self, requests: Sequence[Any]) -> None:
        """Hand requests to their streams."""
        self.threads.execute(requests)

    def finalize(self) -> None:
        """Finish the running and waiting streams."""
        self.threads.close()
