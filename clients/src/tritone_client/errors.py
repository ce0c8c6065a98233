"""What can go wrong between a caller and the server, and which answer of the server means which error."""

from __future__ import annotations

import re


class TritoneError(Exception):
    """Any failure of a request; every class below can also be caught as the builtin in brackets.

    TritoneError
    ├── InvalidRequestError     (ValueError)       the request breaks a rule of the contract
    ├── ModelNotFoundError      (LookupError)      the server runs, but does not serve that model
    ├── RequestTimeoutError     (TimeoutError)     no answer before the deadline
    ├── ServerUnavailableError  (ConnectionError)  the address does not answer
    ├── OverloadedError         (RuntimeError)     the server has as much to do as it takes on
    ├── ServerNotReadyError     (RuntimeError)     the server answers, its models are still being loaded
    └── ServerError             (RuntimeError)     the server failed, or answered outside the contract
        └── ProcessDiedError                       a model's process had died; the server starts another
    """


class InvalidRequestError(TritoneError, ValueError):
    """The request breaks a rule of the contract; sending it again will not help."""


class ModelNotFoundError(TritoneError, LookupError):
    """The server is ready, but does not serve the model."""


class RequestTimeoutError(TritoneError, TimeoutError):
    """No answer before the deadline, all attempts together."""


class ServerUnavailableError(TritoneError, ConnectionError):
    """Nobody answers at the address, or only to say that it is being stopped; retried `retries` times."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message  #: what was found at the address


class OverloadedError(TritoneError, RuntimeError):
    """The server turns requests away because it has enough to do; retried for `overload_wait_s` seconds."""


class ServerNotReadyError(TritoneError, RuntimeError):
    """The server answers, but is still loading models (or is being stopped)."""


class ServerError(TritoneError, RuntimeError):
    """The server failed inside, or its answer is outside the contract."""


class ProcessDiedError(ServerError):
    """The process that was to answer had died; retried for `overload_wait_s` seconds, as an answer depends on
    its request alone.
    """


# (error, gRPC status, HTTP status); every status that is not listed is a ServerError.
_STATUSES: tuple[tuple[type[TritoneError], str, int], ...] = (
    (InvalidRequestError, "INVALID_ARGUMENT", 400),
    (InvalidRequestError, "RESOURCE_EXHAUSTED", 413),  # a message above a size limit
    (ModelNotFoundError, "NOT_FOUND", 404),
    (RequestTimeoutError, "DEADLINE_EXCEEDED", 504),
    (ServerUnavailableError, "UNAVAILABLE", 503),
)
BY_GRPC_STATUS = {grpc_status: error for error, grpc_status, _ in _STATUSES}
BY_HTTP_STATUS = {http_status: error for error, _, http_status in _STATUSES}

# What Triton's Python backend says of a request that met a dead process, or one that died with it: it has no
# status of its own for that. The words are those of 2.51, and of its source in 2026.
_DEAD_PROCESS = re.compile(r"Stub process (?:'[^']*' )?is not healthy\.|Failed to obtain the health mutex\.")

# Triton prepends where in its pipeline a request failed; a caller knows only the pipeline.
_TRITON_PREFIX = re.compile(r"^(?:in ensemble '[^']*', |\[request id: [^\]]*\] )+")


def plain_message(message: str | None) -> str:
    """Return the server's message without the prefixes that Triton puts before it."""
    return _TRITON_PREFIX.sub("", message or "").strip() or "no message"


def server_error(message: str | None, status: str) -> ServerError:
    """Return the error for an answer whose status no other class stands for."""
    words = plain_message(message)
    kind = ProcessDiedError if _DEAD_PROCESS.search(words) else ServerError
    return kind(f"{words} ({status})")
