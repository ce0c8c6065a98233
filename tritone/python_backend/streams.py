"""Serve many streams: chunks in order per stream, all waiting streams advanced together, finals in threads."""

from __future__ import annotations

import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Condition, Thread
from typing import Any

import triton_python_backend_utils as pb_utils

from ..errors import CancelledError, InputError, OverloadError
from ..recognition.streaming.chunks import chunk_samples
from ..recognition.streaming.parameters import StreamParameters
from ..recognition.streaming.recogniser import Chunk, StreamRecognizer
from ..recognition.streaming.results import FinalText, Update
from ..recognition.streaming.stream import Stream
from .calls import CallError
from .configuration import Parameters
from .requests import sent_parameters
from .responses import ResponseSender, error_response, response_of

Tensors = Callable[[Update, FinalText], Sequence[Any]]  # returns pb_utils.Tensor

_START, _END = 1, 2  # TRITONSERVER_REQUEST_FLAG_SEQUENCE_START and _END
_TICK_S = 1.0  # between two looks for abandoned streams
_RETRY_S = 0.25
_CLOSE_TIMEOUT_S = 1.0


@dataclass(eq=False)
class _Open:
    """A stream that is going on."""

    stream: Stream
    inbox: deque[tuple[Chunk, ResponseSender]] = field(default_factory=deque)
    is_busy: bool = False  # a chunk is being processed
    last_active: float = field(default_factory=time.monotonic)


class StreamThreads:
    """Serves the streams of one model instance.

    Args:
        recognizer: of the streams.
        inputs: names of the tensors with samples in float32 and in int16, of which a request holds one.
        tensors: makes the outputs of a response.
        parameters: the model's: `max_streams` at a time, which are abandoned after `idle_s` without a chunk;
            `finals_in_flight` segments are recognised at a time, and wait up to `final_timeout_s` while the
            recogniser is overloaded.
    """

    def __init__(
        self,
        recognizer: StreamRecognizer,
        inputs: tuple[str, str],
        tensors: Tensors,
        parameters: Parameters,
    ) -> None:
        self._inputs = inputs
        self._recognizer = recognizer
        self._tensors = tensors
        self._options = StreamParameters(parameters, recognizer.labels)
        self._most = parameters.count("max_streams")
        self._idle_s = parameters.number("idle_s")
        self._final_timeout_s = parameters.number("final_timeout_s")
        self._streams: dict[int | str, _Open] = {}
        self._waiting: deque[_Open] = deque()  # with a chunk, in order of arrival
        self._changed = Condition()
        self._closed = False
        self._finals = ThreadPoolExecutor(parameters.count("finals_in_flight"), "final")
        self._thread = Thread(target=self._run, name="streams", daemon=True)
        self._thread.start()

    def execute(self, requests: Sequence[Any]) -> None:
        """Queue chunks; each gets its response through its own sender."""
        for request in requests:
            sender = ResponseSender(request.get_response_sender())
            try:
                self._receive(request, sender)
            except Exception as error:  # the remaining requests of the batch must still be queued
                sender.send(error_response(error))

    def close(self) -> None:
        """Finish what has been received; Triton unloads a model only when it has no request."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(_CLOSE_TIMEOUT_S)
        self._finals.shutdown(wait=False)

    def _receive(self, request: Any, sender: ResponseSender) -> None:
        key, flags = request.correlation_id(), request.flags()
        start, end = bool(flags & _START), bool(flags & _END)
        with self._changed:
            opened = self._start(key, request) if start else self._streams.get(key)
            if opened is None:
                raise InputError(
                    f"stream: expected one that was started and has not ended, got a chunk of another; it was "
                    f"refused, or had no chunk for {self._idle_s:g} s. Start a new stream."
                )
            if end:
                del self._streams[key]
            opened.last_active = time.monotonic()
            arrays = [pb_utils.get_input_tensor_by_name(request, name) for name in self._inputs]
            audio, pcm16 = (None if tensor is None else tensor.as_numpy() for tensor in arrays)
            samples = chunk_samples(audio, pcm16, self._recognizer.limits.longest_chunk, end=end)
            opened.inbox.append((Chunk(opened.stream, samples, end), sender))
            self._waiting.append(opened)
            self._changed.notify_all()

    def _start(self, key: int | str, request: Any) -> _Open:
        self._streams.pop(key, None)
        if self._closed:
            raise OverloadError("stream: expected a loaded model, got one that is being unloaded; retry.")
        options = self._options.read(sent_parameters(request))
        if len(self._streams) >= self._most:
            raise OverloadError(
                f"stream: expected at most {self._most} streams at a time, got one more; retry later."
            )
        opened = self._streams[key] = _Open(self._recognizer.start(options))
        return opened

    def _run(self) -> None:
        while (jobs := self._next()) is not None:
            try:
                self._advance(jobs)
            except Exception as error:
                pb_utils.Logger.log_error(traceback.format_exc())
                for opened, _, sender in jobs:
                    sender.send(error_response(error))
                    self._release(opened)

    def _next(self) -> list[tuple[_Open, Chunk, ResponseSender]] | None:
        """Wait for chunks, and return one of each stream that has some; None after the end."""
        with self._changed:
            while True:
                ready = [opened for opened in dict.fromkeys(self._waiting) if not opened.is_busy]
                if ready:
                    break
                if self._closed and not self._waiting:
                    return None
                self._changed.wait(_TICK_S)
                self._expire()
            jobs = []
            for opened in ready:
                self._waiting.remove(opened)
                opened.is_busy = True
                jobs.append((opened, *opened.inbox.popleft()))
            return jobs

    def _expire(self) -> None:
        now = time.monotonic()
        for key, opened in list(self._streams.items()):
            if not opened.is_busy and not opened.inbox and now - opened.last_active > self._idle_s:
                del self._streams[key]

    def _advance(self, jobs: Sequence[tuple[_Open, Chunk, ResponseSender]]) -> None:
        kept = []
        for job in jobs:
            opened, _, sender = job
            if sender.is_cancelled():
                sender.send(error_response(CancelledError("cancelled by the client")))
                self._drop(opened)
            else:
                kept.append(job)
        if not kept:
            return
        updates = self._recognizer.advance([chunk for _, chunk, _ in kept])
        for (opened, _, sender), update in zip(kept, updates, strict=True):
            if update.segment is None:
                sender.send(response_of(lambda update=update: self._tensors(update, FinalText())))
                self._release(opened)
            else:
                self._finals.submit(self._finish, opened, sender, update)

    def _finish(self, opened: _Open, sender: ResponseSender, update: Update) -> None:
        sender.send(response_of(lambda: self._tensors(update, self._final(opened.stream, update, sender))))
        self._release(opened)

    def _final(self, stream: Stream, update: Update, sender: ResponseSender) -> FinalText:
        """Recognise a segment; while the recogniser is overloaded, it is asked again."""
        options, deadline = stream.options, time.monotonic() + self._final_timeout_s
        assert update.segment is not None
        while True:
            try:
                return self._recognizer.final.recognise(
                    update.segment, options.passed_on, written=options.written
                )
            except CallError as error:
                overloaded = error.error.code() == pb_utils.TritonError.UNAVAILABLE
                if not overloaded or time.monotonic() > deadline or sender.is_cancelled():
                    raise
            time.sleep(_RETRY_S)

    def _drop(self, dropped: _Open) -> None:
        """Forget a stream whose client has gone."""
        with self._changed:
            for key, opened in list(self._streams.items()):
                if opened is dropped:
                    del self._streams[key]
        self._release(dropped)

    def _release(self, opened: _Open) -> None:
        with self._changed:
            opened.is_busy = False
            opened.last_active = time.monotonic()
            self._changed.notify_all()
