"""The one answer to a request, given from whichever thread has it.

With the answer, the Python backend of Triton 2.51 frees what a request's `InferenceResponseSender` points to.
Asked later whether the caller has gone, tritonserver reads freed memory and ends with SIGSEGV; so nothing is
asked then.
"""

from __future__ import annotations

from threading import Lock
from typing import Any

import triton_python_backend_utils as pb_utils


class Reply:
    """Answers one request, once.

    Args:
        sender: the request's pb_utils.InferenceResponseSender.
    """

    def __init__(self, sender: Any) -> None:
        self._sender = sender
        self._using = Lock()  # an answer must not be sent while somebody asks
        self._sent = False

    def is_cancelled(self) -> bool:
        """Return whether nobody waits for an answer: the caller has gone, or has it already."""
        with self._using:
            return self._sent or bool(self._sender.is_cancelled())

    def send(self, response: Any) -> None:
        """Answer with a pb_utils.InferenceResponse; whatever comes after the first is dropped."""
        with self._using:
            if self._sent:
                return
            self._sent = True
            self._sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
