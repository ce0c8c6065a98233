"""The first request of a stream."""

from __future__ import annotations

from tritone_client.attempts import RetryPolicy
from tritone_client.flows import retried
from tritone_client.streaming.steps import Connect, Receive, Send, StreamFlow, StreamRequest


def first_response(request: StreamRequest, policy: RetryPolicy) -> StreamFlow:
    """Open a stream with its first request and return the first response.

    It is sent again while the server is temporarily unable to take it: until it has responded, nothing is
    lost.
    """

    def attempt(remaining_s: float) -> StreamFlow:
        yield Connect()
        yield Send(request)
        return (yield Receive(remaining_s))

    return (yield from retried(attempt, request.model, policy))
