"""The first request of a stream."""

from __future__ import annotations

from tritone_client.attempts import RetryPolicy
from tritone_client.errors import ModelNotFoundError, ProcessDiedError, ServerError
from tritone_client.flows import PROBE_S, Ask, retried
from tritone_client.questions import ModelReady
from tritone_client.streaming.steps import Connect, Receive, Send, StreamFlow, StreamRequest


def first_response(request: StreamRequest, policy: RetryPolicy) -> StreamFlow:
    """Open a stream with its first request and return the first response.

    It is sent again while the server is temporarily unable to take it: until it has responded, nothing is
    lost.
    """

    def attempt(remaining_s: float) -> StreamFlow:
        yield Connect()
        yield Send(request)
        try:
            return (yield Receive(remaining_s))
        except ServerError as error:  # a stream has no status for a model that is not served
            if isinstance(error, ProcessDiedError) or (yield Ask(ModelReady(request.model), PROBE_S)):
                raise
            raise ModelNotFoundError(str(error)) from error

    return (yield from retried(attempt, request.model, policy))
