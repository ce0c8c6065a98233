"""Process requests in threads, with a bounded queue in front of them."""

from __future__ import annotations

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from typing import Any

import triton_python_backend_utils as pb_utils

from ..backpressure import Backpressure
from ..bounded_queue import BoundedQueue, QueueLimits
from ..errors import OverloadError
from .configuration import Parameters
from .requests import Interface, ModelRequest, read_request
from .responses import Compute, ResponseSender, error_response, hand_over, response_of

_CLOSE_TIMEOUT_S = 1.0


@dataclass(frozen=True)
class _Job:
    """One request that waits for a thread."""

    sender: ResponseSender
    request: ModelRequest


class RequestThreads:
    """Serves many requests of one model instance at a time, for models that wait for other models.

    Their model calls then meet in the dynamic batcher. Requests wait in this class instead of Triton's queue:
    with any queue limit, Triton (2.51) misses requests that arrive just when an instance becomes idle, for up
    to half a second.

    Args:
        interface: what to read of each request.
        compute: returns the output tensors of one request; called from several threads at once.
        parameters: the model's. At most `requests_in_flight` requests are processed and `queue_requests`
            wait, each for at most `queue_timeout_s` or its own `timeout`; further ones are rejected. Without
            the last two, any number waits.
        backpressure: of the next model in the pipeline, which takes the responses of this one.
    """

    def __init__(
        self,
        interface: Interface,
        compute: Compute,
        parameters: Parameters,
        backpressure: Backpressure | None = None,
    ) -> None:
        self._interface = interface
        self._compute = compute
        self._backpressure = backpressure
        limits = None
        if parameters.has("queue_requests"):
            limits = QueueLimits(parameters.count("queue_requests"), parameters.number("queue_timeout_s"))
        workers = parameters.count("requests_in_flight")
        self._queue: BoundedQueue[_Job] = BoundedQueue(workers, limits, _reject)
        self._threads = [
            Thread(target=self._run, name=f"request-{index}", daemon=True) for index in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def execute(self, requests: Sequence[Any]) -> None:
        """Queue requests; each gets its response through its own sender. Never raises."""
        hand_over(requests, self._enqueue)

    def _enqueue(self, request: Any, sender: ResponseSender) -> None:
        self._queue.require_space()
        read = read_request(request, self._interface, sender.is_cancelled)
        # Triton reuses the inputs' memory as soon as execute returns.
        copied = replace(read, inputs={name: array.copy() for name, array in read.inputs.items()})
        self._queue.put(_Job(sender, copied), request.timeout() / 1e6)

    def close(self) -> None:
        """Finish running and waiting requests; Triton unloads a model only when it has none."""
        self._queue.close()
        # A thread that waits for an unloaded model must not keep the process alive.
        deadline = time.monotonic() + _CLOSE_TIMEOUT_S
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            try:
                job.sender.send(response_of(partial(self._outputs, job.request)))
                if self._backpressure:
                    self._backpressure.forward()
            except Exception:  # this thread has further requests to serve
                pb_utils.Logger.log_error(traceback.format_exc())

    def _outputs(self, request: ModelRequest) -> Sequence[Any]:
        request.require_client()
        return self._compute(request)


class ThreadedModel:
    """Base of a TritonPythonModel that sets `threads` in `initialize`."""

    threads: RequestThreads

    def execute(self, requests: Sequence[Any]) -> None:
        """Queue requests."""
        self.threads.execute(requests)

    def finalize(self) -> None:
        """Finish the running and waiting requests."""
        self.threads.close()


def _reject(job: _Job, error: OverloadError) -> None:
    job.sender.send(error_response(error))
