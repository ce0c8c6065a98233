"""Requests of a sequence: which stream they belong to, whether it starts or ends, and their answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import triton_python_backend_utils as pb_utils

from .requests import Arrays, sent_parameters
from .responses import ResponseSender, error_response, hand_over, response_of


class SequenceReply:
    """The answer to one request, from any thread.

    Args:
        sender: of the request.
        tensors: returns the output tensors of a result.
    """

    def __init__(self, sender: ResponseSender, tensors: Callable[..., Sequence[Any]]) -> None:
        self._sender = sender
        self._tensors = tensors

    def is_cancelled(self) -> bool:
        """Return whether no client waits for it."""
        return self._sender.is_cancelled()

    def send(self, *result: Any) -> None:
        """Send a result; further ones are dropped."""
        self._sender.send(response_of(partial(self._tensors, *result)))

    def fail(self, error: Exception) -> None:
        """Send an error, unless something has been sent."""
        self._sender.send(error_response(error))


@dataclass(frozen=True)
class SequenceRequest:
    """One request, whose inputs are still in Triton's memory."""

    key: int | str  # the client's correlation ID
    start: bool
    end: bool
    parameters: Mapping[str, Any]
    inputs: Arrays  # those that were sent, batch dimension first: views, valid while it is accepted
    reply: SequenceReply


def accept_requests(
    requests: Sequence[Any],
    inputs: Sequence[str],
    tensors: Callable[..., Sequence[Any]],
    accept: Callable[[SequenceRequest], None],
) -> None:
    """Hand requests of sequences over, each of which is answered on its own. Never raises.

    Args:
        requests: pb_utils.InferenceRequest of one call of `execute`.
        inputs: names of tensors, which are optional.
        tensors: returns the output tensors of a result.
        accept: takes one request; what it raises is the request's answer.
    """

    def take(request: Any, sender: ResponseSender) -> None:
        accept(_read(request, inputs, SequenceReply(sender, tensors)))

    hand_over(requests, take)


def _read(request: Any, names: Sequence[str], reply: SequenceReply) -> SequenceRequest:
    flags = request.flags()
    sent = {name: pb_utils.get_input_tensor_by_name(request, name) for name in names}
    inputs = {name: given.as_numpy() for name, given in sent.items() if given is not None}
    return SequenceRequest(
        request.correlation_id(),
        bool(flags & pb_utils.TRITONSERVER_REQUEST_FLAG_SEQUENCE_START),
        bool(flags & pb_utils.TRITONSERVER_REQUEST_FLAG_SEQUENCE_END),
        sent_parameters(request),
        inputs,
        reply,
    )
