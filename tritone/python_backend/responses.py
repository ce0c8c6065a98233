"""Build responses, one per request, so that a bad request fails alone."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection, Sequence
from threading import Lock
from typing import Any

import numpy as np
import triton_python_backend_utils as pb_utils
from numpy.typing import NDArray

from ..errors import TritoneError, wire_status
from .calls import CallError
from .requests import Interface, ModelRequest, read_request

Compute = Callable[[ModelRequest], Sequence[Any]]  # returns pb_utils.Tensor


def respond(request: Any, interface: Interface, compute: Compute) -> Any:
    """Return the response to one request: the tensors that `compute` returns, or the error that it raises."""

    def computed() -> Sequence[Any]:
        read = read_request(request, interface, request.is_cancelled)
        read.require_client()
        return compute(read)

    return response_of(computed)


def response_of(compute: Callable[[], Sequence[Any]]) -> Any:
    """Return a pb_utils.InferenceResponse with the tensors that `compute` returns, or its error."""
    try:
        return pb_utils.InferenceResponse(compute())
    except Exception as error:
        return error_response(error)


def error_response(error: Exception) -> Any:
    """Return a new response for an exception.

    Responses must not share a pb_utils.TritonError: Triton 2.51 frees the shared memory of the first one
    while it is still read, and ends with SIGSEGV or `lock_exception`.

    An unexpected exception is written to the server's log with its traceback. The client gets only its class:
    messages of libraries may hold paths, or what another client sent.
    """
    if isinstance(error, CallError):
        return pb_utils.InferenceResponse(error=error.error)
    if isinstance(error, TritoneError):
        return _failure(str(error), wire_status(error).triton)
    pb_utils.Logger.log_error("".join(traceback.format_exception(error)))
    return _failure(f"internal error ({type(error).__name__}); the server's log has the details.", "INTERNAL")


def _failure(message: str, code: str) -> Any:
    return pb_utils.InferenceResponse(
        error=pb_utils.TritonError(message, getattr(pb_utils.TritonError, code))
    )


class ResponseSender:
    """Sends the responses of one request, from any thread: one, or several of a decoupled model.

    Sending the final one makes the Python backend of Triton 2.51 free what the request's sender points to.
    Asking that sender for a cancellation afterwards reads freed memory and ends tritonserver with SIGSEGV, so
    this class never does.

    Outputs that the client has not asked for are left out here: Triton 2.51 would do it while other threads
    run Python, and free their arrays under them, which corrupts the process's memory.

    Args:
        sender: the request's pb_utils.InferenceResponseSender.
        wanted: names of the outputs that the client has asked for; None for all.
    """

    def __init__(self, sender: Any, wanted: Collection[str] | None = None) -> None:
        self._sender = sender
        self._wanted = wanted
        self._lock = Lock()  # no response is sent while another thread asks for a cancellation
        self._sent = False

    @classmethod
    def of(cls, request: Any) -> ResponseSender:
        """Return the sender of a pb_utils.InferenceRequest."""
        return cls(request.get_response_sender(), frozenset(request.requested_output_names()))

    def is_cancelled(self) -> bool:
        """Return whether no client waits for a response: it has cancelled, or already got the final one."""
        with self._lock:
            return self._sent or bool(self._sender.is_cancelled())

    def send(self, response: Any) -> None:
        """Send a pb_utils.InferenceResponse as the final one; all later ones are dropped.

        A failure is logged, not raised: there is no other way to reach the client, and the calling thread has
        further requests to serve.
        """
        self._send(response, final=True)

    def send_part(self, response: Any) -> None:
        """Send a response after which others follow; a failure is logged."""
        self._send(response, final=False)

    def finish(self) -> None:
        """Send the mark of the final response without one."""
        self._send(None, final=True)

    def _send(self, response: Any, *, final: bool) -> None:
        with self._lock:
            if self._sent:
                return
            self._sent = final
            try:
                given = () if response is None else (self._pruned(response),)
                self._sender.send(*given, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL if final else 0)
            except Exception:
                pb_utils.Logger.log_error(traceback.format_exc())

    def _pruned(self, response: Any) -> Any:
        """Return the response without outputs that nobody has asked for."""
        if self._wanted is None or response.has_error():
            return response
        tensors = response.output_tensors()
        kept = [tensor for tensor in tensors if tensor.name() in self._wanted]
        return response if len(kept) == len(tensors) else pb_utils.InferenceResponse(kept)


def hand_over(requests: Sequence[Any], take: Callable[[Any, ResponseSender], None]) -> None:
    """Hand over the requests of one call of `execute`; each gets its response through its own sender.

    Never raises: Triton would send the error to every request of the batch, even those already answered.

    Args:
        requests: pb_utils.InferenceRequest.
        take: takes one request and its sender; what it raises is the request's answer.
    """
    for request in requests:
        sender = ResponseSender.of(request)
        try:
            take(request, sender)
        except Exception as error:  # the remaining requests of the batch must still be taken
            sender.send(error_response(error))


def pad_rows(rows: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Stack arrays that differ in their first dimension.

    Returns:
        (B, longest, ...) of the rows' dtype, padded with 0, or with b"" for objects.
    """
    longest = max(len(row) for row in rows)
    fill = b"" if rows[0].dtype == object else 0
    padded = np.full((len(rows), longest, *rows[0].shape[1:]), fill, dtype=rows[0].dtype)
    for target, row in zip(padded, rows, strict=True):
        target[: len(row)] = row
    return padded


def text_column(texts: Sequence[str]) -> NDArray[Any]:
    """Return (B, 1) objects holding UTF-8, the layout of BYTES tensors."""
    return np.array([[text.encode()] for text in texts], dtype=object)


def text_row(texts: Sequence[str]) -> NDArray[Any]:
    """Return (N,) objects holding UTF-8, one row of a BYTES tensor."""
    return np.array([text.encode() for text in texts], dtype=object)
