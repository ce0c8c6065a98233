"""The one answer to a request, given from whichever thread has it.

The Python backend of Triton 2.51 talks about a request through small messages in shared memory, and frees what
they refer to early:

- With its answer, a request's `InferenceResponseSender` loses what it points to in tritonserver. When it is asked
  later whether the caller has gone, tritonserver reads freed memory and ends with SIGSEGV.
- A model process frees the question whether the caller has gone together with the sender, or when it asks again.
  tritonserver still has to take that question's lock once more; where it is late for that, on a busy machine, the
  memory holds something else and it ends with `lock_exception`.

So nothing is asked after the answer, and senders are kept for a while.
"""

from __future__ import annotations

import time
from collections import deque
from threading import Lock
from typing import Any

import triton_python_backend_utils as pb_utils

KEPT_S = 2.0  # longer than tritonserver is kept from a message on a machine that is not standing still
ASK_AGAIN_S = 0.05  # between two questions about one request


class Keeper:
    """Keeps objects from being freed for a while."""

    def __init__(self) -> None:
        self._kept: deque[tuple[float, Any]] = deque()
        self._changing = Lock()

    def keep(self, item: Any) -> None:
        """Keep one object for KEPT_S; let go of those whose time is over."""
        now = time.monotonic()
        free = []  # outside of the lock: freeing a sender may take a while
        with self._changing:
            self._kept.append((now, item))
            while self._kept[0][0] + KEPT_S < now:
                free.append(self._kept.popleft())


_senders = Keeper()


def is_cancelled(request: Any) -> bool:
    """Return whether the caller of a request has gone, for models that return their answers from `execute`."""
    cancelled = bool(request.is_cancelled())
    _senders.keep(request.get_response_sender())  # it holds the question, and none of the request's inputs
    return cancelled


class Reply:
    """Answers one request, once.

    Args:
        sender: the request's pb_utils.InferenceResponseSender.
    """

    def __init__(self, sender: Any) -> None:
        self._sender = sender
        self._using = Lock()  # answering while somebody asks would be asking after the answer
        self._sent = False
        self._cancelled = False
        self._ask_at = 0.0  # monotonic seconds

    def is_cancelled(self) -> bool:
        """Return whether nobody waits for an answer: the caller has gone, or has it already."""
        with self._using:
            now = time.monotonic()
            if not (self._sent or self._cancelled) and now >= self._ask_at:
                self._cancelled = bool(self._sender.is_cancelled())
                self._ask_at = now + ASK_AGAIN_S
            return self._sent or self._cancelled

    def send(self, response: Any) -> None:
        """Answer with a pb_utils.InferenceResponse; whatever comes after the first is dropped."""
        with self._using:
            if self._sent:
                return
            self._sent = True
            _senders.keep(self._sender)
            self._sender.send(response, flags=pb_utils.TRITONSERVER_RESPONSE_COMPLETE_FINAL)
