"""Answer requests one by one, so that a bad one fails alone."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Thread
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ..concurrency import Handover
from ..errors import CancelledError, InputError, OverloadError, ParameterError
from ..waiting import Bounds, WaitingRoom
from .answers import answer, error_answer
from .configuration import Parameters
from .replies import Reply

_CLOSING_S = 1.0

Arrays = dict[str, NDArray[Any]]
Compute = Callable[[Arrays], Sequence[Any]]  # input arrays to pb_utils.Tensor


@dataclass(frozen=True)
class Work:
    """One request, as a thread works on it."""

    inputs: Arrays  # batch dimension first
    parameters: Mapping[str, Any]  # of the request, as the caller sent them
    is_cancelled: Callable[[], bool]  # whether the caller has gone


@dataclass(frozen=True)
class Waiting:
    """One request that waits for a thread."""

    reply: Reply
    work: Work


ThreadedCompute = Callable[[Work], Sequence[Any]]  # work to pb_utils.Tensor


def read_inputs(request: Any, names: Sequence[str]) -> Arrays:
    """Return the named inputs of a request, batch dimension first, as views of shared memory.

    Raises:
        InputError: BYTES that are not one in each row, as all models declare them: a shape of very many
            elements gets past Triton 2.51, which counts them in 64 bits.
    """
    inputs = {name: pb_utils.get_input_tensor_by_name(request, name).as_numpy() for name in names}
    for name, array in inputs.items():
        if array.dtype == object:
            one_each = array.ndim == 2 and array.shape[1] == 1
            if not one_each or not all(isinstance(item, bytes) for item in array[:, 0]):
                raise InputError(
                    f"{name}: expected one element in each row, got shape {list(array.shape)}; send BYTES of "
                    "shape [batch, 1]."
                )
    return inputs


def respond(request: Any, names: Sequence[str], compute: Compute) -> Any:
    """Answer one request with what `compute` makes of its inputs, or with the error it raised."""

    def computed() -> Sequence[Any]:
        _require_caller(request.is_cancelled())
        return compute(read_inputs(request, names))

    return answer(computed)


def read_parameters(request: Any) -> dict[str, Any]:
    """Return the parameters that a caller sent with a request.

    Raises:
        ParameterError: they are not UTF-8, which HTTP lets through.
    """
    try:
        sent: dict[str, Any] = json.loads(request.parameters() or "{}")
    except ValueError as error:  # of which UnicodeDecodeError is one
        raise ParameterError(
            "parameters: expected names and values in UTF-8, got something else; encode them as UTF-8."
        ) from error
    return sent


def _require_caller(gone: bool) -> None:
    if gone:
        raise CancelledError("cancelled by the client")


class RequestThreads:
    """Answers requests in threads, for models where requests wait: for other models, or for their turn.

    One instance then serves many requests at once, and their model calls meet in the dynamic batcher. What
    waits for a thread waits here: with any limit to its own queue, Triton (2.51) misses requests that come
    just when an instance becomes free, until half a second later.

    Args:
        names: inputs to read.
        compute: makes one request's output tensors; called from several threads at once.
        parameters: of the model. `requests_in_flight` are at work at most; `queue_requests` wait at most,
            each for `queue_timeout_s` or the caller's own `timeout`, and further ones are refused. Without
            the two, any number waits.
        handover: bounds those that are answered here and wait for the next model of their pipeline.
    """

    def __init__(
        self,
        names: Sequence[str],
        compute: ThreadedCompute,
        parameters: Parameters,
        handover: Handover | None = None,
    ) -> None:
        self._names = names
        self._compute = compute
        self._handover = handover
        bounds = None
        if parameters.has("queue_requests"):
            bounds = Bounds(parameters.count("queue_requests"), parameters.number("queue_timeout_s"))
        workers = parameters.count("requests_in_flight")
        self._room: WaitingRoom[Waiting] = WaitingRoom(workers, bounds, self._refuse_late)
        self._threads = [
            Thread(target=self._run, name=f"request-{index}", daemon=True) for index in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def execute(self, requests: Sequence[Any]) -> None:
        """Take requests over; each is answered through its response sender when it is ready.

        Nothing is raised: Triton would answer the whole batch with it, what is at work or answered included.
        """
        for request in requests:
            reply = Reply(request.get_response_sender())
            try:
                self._take(request, reply)
            except Exception as error:  # the next requests of the batch are to be taken too
                _send(reply, error_answer(error))

    def _take(self, request: Any, reply: Reply) -> None:
        self._room.require_place()
        # Triton takes the inputs' memory back as soon as execute returns.
        inputs = {name: array.copy() for name, array in read_inputs(request, self._names).items()}
        work = Work(inputs, read_parameters(request), reply.is_cancelled)
        self._room.enter(Waiting(reply, work), request.timeout() / 1e6)

    def close(self) -> None:
        """Finish the requests at work, and those that wait; Triton unloads a model when it has none."""
        self._room.close()
        # Threads that wait for a model that is gone need not keep the process.
        until = time.monotonic() + _CLOSING_S
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        while (waiting := self._room.next()) is not None:
            try:
                self._answer(waiting)
                if self._handover:
                    self._handover.hand_on()
            except Exception:  # the next requests need this thread
                pb_utils.Logger.log_error(traceback.format_exc())

    def _answer(self, waiting: Waiting) -> None:
        work = waiting.work

        def computed() -> Sequence[Any]:
            _require_caller(work.is_cancelled())
            return self._compute(work)

        _send(waiting.reply, answer(computed))

    def _refuse_late(self, waiting: Waiting, error: OverloadError) -> None:
        _send(waiting.reply, error_answer(error))


def _send(reply: Reply, response: Any) -> None:
    try:
        reply.send(response)
    except Exception:  # there is no other way to the caller; the next requests need this thread
        pb_utils.Logger.log_error(traceback.format_exc())


def pad_rows(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Stack arrays that differ in their first dimension.

    Returns:
        (B, longest, ...) of the rows' dtype, filled up with 0, or b"" for objects.
    """
    longest = max(len(row) for row in rows)
    fill = b"" if rows[0].dtype == object else 0
    padded = np.full((len(rows), longest, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded


def text_column(texts: Sequence[str]) -> NDArray[Any]:
    """Return (B, 1) objects holding UTF-8, as BYTES tensors want them."""
    return np.array([[text.encode()] for text in texts], dtype=object)
