"""Serve many streams: each one in order, all that wait advanced together, final passes in threads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Thread
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ...contract import SAMPLE_RATE_HZ
from ...errors import RETRY_LATER, CancelledError, InputError, OverloadError
from ...model_parameters import Parameters
from .parameters import StreamParameters
from .recogniser import Chunk, StreamRecognizer
from .results import FinalText, Update
from .stream import Stream

_TICK_S = 0.5  # between two looks for abandoned streams, and for the end of the server
_RETRY_S = 0.25  # between two calls of an overloaded recogniser
_QUIET_S = 2.0  # without a chunk, after which a stream is dropped while the server stops
_CLOSE_TIMEOUT_S = 1.0


class Reply(Protocol):
    """Where the answer to one request goes."""

    def is_cancelled(self) -> bool:
        """Return whether no client waits for it."""

    def send(self, update: Update, final: FinalText) -> None:
        """Send the result."""

    def fail(self, error: Exception) -> None:
        """Send an error."""


class Request(Protocol):
    """One request of a stream."""

    @property
    def key(self) -> int | str:
        """What the client calls the stream."""

    @property
    def start(self) -> bool:
        """Whether the stream starts with it."""

    @property
    def end(self) -> bool:
        """Whether the stream ends with it."""

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Request parameters as they were sent; those of the first request count."""

    @property
    def reply(self) -> Reply:
        """Where the answer goes."""


@dataclass(frozen=True)
class ServerLimits:
    """How much a server of streams does at a time."""

    streams: int
    idle_s: float  # without a chunk, after which a stream is abandoned
    finals: int  # segments
    final_timeout_s: float  # that a segment waits for an overloaded recogniser
    waiting_s: float  # audio of one stream that waits to be processed
    round_s: float  # from the start of one round of calls to the next, so that many streams share them

    @classmethod
    def of(cls, parameters: Parameters) -> ServerLimits:
        """Read them from a model's config."""
        return cls(
            parameters.count("max_streams"),
            parameters.number("idle_s"),
            parameters.count("finals_in_flight"),
            parameters.number("final_timeout_s"),
            parameters.number("max_waiting_s"),
            parameters.number("round_ms") / 1000,
        )


@dataclass(eq=False)
class _Open:
    """A stream that is going on."""

    stream: Stream
    inbox: deque[tuple[Chunk, Reply]] = field(default_factory=deque)
    waiting: int = 0  # samples in the inbox
    is_busy: bool = False  # a chunk is being processed
    last_active: float = field(default_factory=time.monotonic)


_Job = tuple[_Open, Chunk, Reply]


class StreamServer:
    """Serves the streams of one model.

    Args:
        recognizer: of the streams.
        options: reads the parameters of the request that starts a stream.
        limits: of the server.
        is_overload: whether an exception of the final pass says that the recogniser is overloaded.
        count: told the number of open streams whenever it changes.
        stopping: a file that exists as soon as the server is to stop; None: it is stopped in another way.
    """

    def __init__(
        self,
        recognizer: StreamRecognizer,
        options: StreamParameters,
        limits: ServerLimits,
        is_overload: Callable[[Exception], bool],
        count: Callable[[int], None] = lambda streams: None,
        stopping: Path | None = None,
    ) -> None:
        self._recognizer = recognizer
        self._options = options
        self._limits = limits
        self._is_overload = is_overload
        self._count = count
        self._stopping_file = stopping
        self._stopping = False
        self._streams: dict[int | str, _Open] = {}
        self._waiting: deque[_Open] = deque()  # with a chunk, in order of arrival
        self._changed = Condition()
        self._closed = False
        self._looked = time.monotonic()
        self._last_round = 0.0
        self._finals = ThreadPoolExecutor(limits.finals, "final")
        self._thread = Thread(target=self._run, name="streams", daemon=True)
        self._thread.start()

    @classmethod
    def of(cls, recognizer: StreamRecognizer, parameters: Parameters, *others: Any) -> StreamServer:
        """Return the server that a model's config describes; `others` are the arguments after `limits`."""
        options = StreamParameters(parameters, recognizer.labels)
        return cls(recognizer, options, ServerLimits.of(parameters), *others)

    def submit(self, request: Request, read: Callable[[], NDArray[np.float32]]) -> None:
        """Queue a chunk; its answer goes to the request's `reply`.

        Args:
            request: of the client.
            read: returns the (N,) samples at 16 kHz, or raises the error that the request is answered with.

        Raises:
            InputError: the stream does not exist, or the chunk or a parameter breaks a rule. A refused chunk
                leaves the stream as it was.
            OverloadError: there are too many streams, or too much audio of this one waits.
        """
        with self._changed:
            opened = self._start(request) if request.start else self._find(request)
            if request.end:
                self._remove(request.key)
            opened.last_active = time.monotonic()
            samples = read()
            self._require_space(opened, samples.size)
            ends = request.end or self._stopping
            opened.inbox.append((Chunk(opened.stream, samples, ends), request.reply))
            opened.waiting += samples.size
            self._waiting.append(opened)
            if ends:
                self._remove(request.key)
            self._changed.notify_all()

    def close(self) -> None:
        """Finish what has been received."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(_CLOSE_TIMEOUT_S)
        self._finals.shutdown(wait=False)

    def _start(self, request: Request) -> _Open:
        self._remove(request.key)
        if self._closed or self._stopping:
            raise OverloadError("stream: expected a server that goes on, got one that stops; retry.")
        options = self._options.read(request.parameters)
        most = self._limits.streams
        if len(self._streams) >= most:
            raise OverloadError(
                f"stream: expected at most {most} streams at a time, got one more; {RETRY_LATER}"
            )
        opened = self._streams[request.key] = _Open(self._recognizer.start(options))
        self._count(len(self._streams))
        return opened

    def _find(self, request: Request) -> _Open:
        opened = self._streams.get(request.key)
        if opened is not None:
            return opened
        if self._stopping:
            raise OverloadError(
                "stream: expected a server that goes on, got one that stops, which has ended the stream with "
                "its final result; start a new one."
            )
        raise InputError(
            f"stream: expected one that has been started and has not ended, got another; it was refused, or "
            f"had no chunk for {self._limits.idle_s:g} s. Start a new stream."
        )

    def _require_space(self, opened: _Open, samples: int) -> None:
        most = round(self._limits.waiting_s * SAMPLE_RATE_HZ)
        if opened.waiting and opened.waiting + samples > most:
            raise OverloadError(
                f"stream: expected at most {self._limits.waiting_s:g} s of audio that waits to be processed, "
                "got more; wait for answers before sending more, and send this chunk again."
            )

    def _remove(self, key: int | str) -> None:
        if self._streams.pop(key, None) is not None:
            self._count(len(self._streams))

    def _run(self) -> None:
        while (jobs := self._next()) is not None:
            try:
                self._advance(jobs)
            except Exception as error:
                for opened, _, reply in jobs:
                    reply.fail(error)
                    self._release(opened)

    def _next(self) -> list[_Job] | None:
        """Wait for chunks, and return one of each stream that has some; None after the end."""
        with self._changed:
            while True:
                if time.monotonic() - self._looked > _TICK_S:
                    self._look_after()
                pause_s = self._last_round + self._limits.round_s - time.monotonic()
                ready = [each for each in dict.fromkeys(self._waiting) if not each.is_busy]
                if ready and (pause_s <= 0 or self._closed):
                    break
                if self._closed and not self._waiting:
                    return None
                self._changed.wait(pause_s if ready else _TICK_S)
            self._last_round = time.monotonic()
            jobs = []
            for opened in ready:
                self._waiting.remove(opened)
                opened.is_busy = True
                chunk, reply = opened.inbox.popleft()
                opened.waiting -= chunk.samples.size
                jobs.append((opened, chunk, reply))
            return jobs

    def _look_after(self) -> None:
        """Drop abandoned streams, and look whether the server is to stop."""
        self._stopping = self._stopping or bool(self._stopping_file and self._stopping_file.exists())
        longest_s = min(self._limits.idle_s, _QUIET_S) if self._stopping else self._limits.idle_s
        now = self._looked = time.monotonic()
        for key, opened in list(self._streams.items()):
            if not opened.is_busy and not opened.inbox and now - opened.last_active > longest_s:
                self._remove(key)

    def _advance(self, jobs: Sequence[_Job]) -> None:
        kept = []
        for job in jobs:
            opened, _, reply = job
            if reply.is_cancelled():
                reply.fail(CancelledError("cancelled by the client"))
                self._drop(opened)
            else:
                kept.append(job)
        updates = self._recognizer.advance([chunk for _, chunk, _ in kept])
        for (opened, _, reply), update in zip(kept, updates, strict=True):
            if update.segment is None:
                reply.send(update, FinalText())
                self._release(opened)
            else:
                self._finals.submit(self._finish, opened, reply, update)

    def _finish(self, opened: _Open, reply: Reply, update: Update) -> None:
        try:
            reply.send(update, self._final(opened.stream, update, reply))
        except Exception as error:
            reply.fail(error)
        finally:
            self._release(opened)

    def _final(self, stream: Stream, update: Update, reply: Reply) -> FinalText:
        """Recognise a segment; while the recogniser is overloaded, it is asked again."""
        options, deadline = stream.options, time.monotonic() + self._limits.final_timeout_s
        assert update.segment is not None
        while True:
            try:
                final = self._recognizer.final
                return final.recognise(update.segment, options.passed_on, written=options.written)
            except Exception as error:
                if not self._is_overload(error) or time.monotonic() > deadline or reply.is_cancelled():
                    raise
            time.sleep(_RETRY_S)

    def _drop(self, dropped: _Open) -> None:
        """Forget a stream whose client has gone."""
        with self._changed:
            for key, opened in list(self._streams.items()):
                if opened is dropped:
                    self._remove(key)
        self._release(dropped)

    def _release(self, opened: _Open) -> None:
        with self._changed:
            opened.is_busy = False
            opened.last_active = time.monotonic()
            self._changed.notify_all()
