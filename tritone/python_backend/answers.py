"""What a request is answered with: tensors, or an error in words that a caller may read."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import Any

import triton_python_backend_utils as pb_utils

from ..errors import TritoneError, wire_status
from .calls import CallError


def answer(compute: Callable[[], Sequence[Any]]) -> Any:
    """Return a pb_utils.InferenceResponse: the tensors that `compute` makes, or the error that it raises."""
    try:
        return pb_utils.InferenceResponse(compute())
    except Exception as error:
        return error_answer(error)


def error_answer(error: Exception) -> Any:
    """Return the response for an exception, and for no other request.

    A pb_utils.TritonError belongs to one response: when two share it, Triton 2.51 frees what the first one
    refers to in shared memory while it is still read, and ends with SIGSEGV or `lock_exception`.

    What was not raised on purpose goes to the server's log with its traceback. The caller gets its class
    alone: messages of libraries may hold paths, or what another caller sent.
    """
    if isinstance(error, CallError):
        return pb_utils.InferenceResponse(error=error.error)
    if isinstance(error, TritoneError):
        return _error_response(str(error), wire_status(error).triton)
    pb_utils.Logger.log_error("".join(traceback.format_exception(error)))
    return _error_response(
        f"internal error ({type(error).__name__}); the server's log has the details.", "INTERNAL"
    )


def _error_response(message: str, code: str) -> Any:
    return pb_utils.InferenceResponse(
        error=pb_utils.TritonError(message, getattr(pb_utils.TritonError, code))
    )
