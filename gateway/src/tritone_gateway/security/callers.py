"""The caller of a request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

from fastapi.requests import HTTPConnection

from tritone_gateway.errors import AuthenticationError, ForbiddenError, GatewayError


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
    requests_per_minute: int | None = None
    concurrent_requests: int | None = None


LOCAL = Caller("local", "local", frozenset(Scope))  # whoever calls where no keys are asked for

_IDENTITY = "tritone_identity"  # in the ASGI scope


@dataclass
class Identity:
    """What the middleware found out about who sends a request; see `identification`."""

    caller: Caller | None
    needed: bool = False  #: whether the request was one that only callers may make


def identify(scope: object, identity: Identity) -> None:
    """Note who sends a request."""
    scope[_IDENTITY] = identity  # type: ignore[index]


def allowed(*scopes: Scope) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    """Dependency of requests and WebSockets: the caller, if its key allows all scopes."""

    async def caller(connection: HTTPConnection) -> Caller:
        identity: Identity = connection.scope[_IDENTITY]  # absent: an error, as nobody was asked for a key
        identity.needed = True
        if identity.caller is None:
            raise no_key()
        connection.state.caller = identity.caller  # for the log of requests
        missing = [scope.value for scope in scopes if scope not in identity.caller.scopes]
        if missing:
            raise ForbiddenError(f"This key does not allow {', '.join(missing)}; use one with that scope.")
        return identity.caller

    return caller


def no_key() -> GatewayError:
    """Return the error for a request without a key."""
    return AuthenticationError(
        "An API key is needed: send it as `Authorization: Bearer KEY` or as `x-api-key: KEY`."
    )
