"""The client's exceptions, and the mapping of gRPC and HTTP status codes to them."""

from __future__ import annotations

import re


class TritoneError(Exception):
    """Base class of all errors; those below can also be caught as the builtin in parentheses.

    TritoneError
    ├── InvalidRequestError     (ValueError)       the request breaks a rule of the contract
    ├── ModelNotFoundError      (LookupError)      the server does not serve that model
    ├── RequestTimeoutError     (TimeoutError)     no answer before the deadline
    ├── ServerUnavailableError  (ConnectionError)  the address does not answer
    ├── OverloadedError         (RuntimeError)     the server's queue is full
    ├── ServerNotReadyError     (RuntimeError)     the server is running, but still loading models
    └── ServerError             (RuntimeError)     internal failure, or a response outside the contract
        └── ProcessDiedError                       a model's process died; the server restarts it
    """


class InvalidRequestError(TritoneError, ValueError):
    """The request breaks a rule of the contract; retrying does not help."""


class ModelNotFoundError(TritoneError, LookupError):
    """The server is ready, but does not serve the model."""


class RequestTimeoutError(TritoneError, TimeoutError):
    """No answer before the deadline, which includes all attempts."""


class ServerUnavailableError(TritoneError, ConnectionError):
    """The address does not answer, or the server is shutting down; retried `retries` times."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message  #: cause reported by the transport


class OverloadedError(TritoneError, RuntimeError):
    """The server refuses requests because its queue is full; retried for `overload_wait_s` seconds."""


class ServerNotReadyError(TritoneError, RuntimeError):
    """The server is running, but is still loading models or shutting down."""


class ServerError(TritoneError, RuntimeError):
    """Internal failure of the server, or a response outside the contract."""


class ProcessDiedError(ServerError):
    """A model's process died; retried for `overload_wait_s` seconds, since requests are idempotent."""


# (error, gRPC status, HTTP status); any other status is a ServerError.
_STATUSES: tuple[tuple[type[TritoneError], str, int], ...] = (
    (InvalidRequestError, "INVALID_ARGUMENT", 400),
    (InvalidRequestError, "RESOURCE_EXHAUSTED", 413),  # a message above a size limit
    (ModelNotFoundError, "NOT_FOUND", 404),
    (RequestTimeoutError, "DEADLINE_EXCEEDED", 504),
    (ServerUnavailableError, "UNAVAILABLE", 503),
)
BY_GRPC_STATUS = {grpc_status: error for error, grpc_status, _ in _STATUSES}
BY_HTTP_STATUS = {http_status: error for error, _, http_status in _STATUSES}

# Triton's Python backend has no separate status for a dead process, so its message is matched (2.51, and its
# source as of 2026).
_DEAD_PROCESS = re.compile(r"Stub process (?:'[^']*' )?is not healthy\.|Failed to obtain the health mutex\.")

# Errors on a stream have no status either; tritone's words tell which they would have.
_RETRY = re.compile(r"\b(?:retry|retry later|send this chunk again|start a new one)\.$")
_RULE = re.compile(r"^[^:]+: expected .+, got ", re.DOTALL)

# Triton prepends the failing step of an ensemble; callers only know the pipeline.
_TRITON_PREFIX = re.compile(r"^(?:in ensemble '[^']*', |\[request id: [^\]]*\] )+")


def plain_message(message: str | None) -> str:
    """Return the server's message without Triton's prefixes."""
    return _TRITON_PREFIX.sub("", message or "").strip() or "no message"


def server_error(message: str | None, status: str) -> ServerError:
    """Return the error for a status without a class of its own."""
    words = plain_message(message)
    kind = ProcessDiedError if _DEAD_PROCESS.search(words) else ServerError
    return kind(f"{words} ({status})")


def stream_error(message: str | None) -> TritoneError:
    """Return the error for a message on a stream, which has no status.

    The header `triton_grpc_error` would add one, but with it Triton 2.51 crashes when an error meets further
    requests on its stream.
    """
    words = plain_message(message)
    if _DEAD_PROCESS.search(words):
        return server_error(words, "stream")
    if _RETRY.search(words):
        return ServerUnavailableError(words)
    return InvalidRequestError(words) if _RULE.match(words) else server_error(words, "stream")
