"""The exception tree, and its status codes in each protocol.

    TritoneError
    ├── InputError (ValueError)          the request breaks a rule
    │   ├── AudioError                   samples or a recording
    │   ├── TextError                    a transcript, or a text to speak
    │   └── ParameterError               a request parameter
    ├── OverloadError (RuntimeError)     the model's queue is full
    ├── ModelLostError (RuntimeError)    a called model has no living process
    ├── CancelledError                   the client cancelled the request or disconnected
    ├── ArtifactError (ValueError)       a graph, sidecar file or config does not match the others
    └── ServerError (RuntimeError)       the Triton server could not be started or stopped
        ├── PortInUseError (OSError)     another process listens on a port
        ├── InstallationError            no usable tritonserver, stub or libpython
        └── StartupError                 the server ended, or was not ready in time

Messages read: subject, rule, value received, remedy. They never repeat a user's audio or text.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

RETRY_LATER = "retry later."  # how messages of OverloadError end, by which other models know them


class TritoneError(Exception):
    """Base of all errors that tritone raises deliberately."""


class InputError(TritoneError, ValueError):
    """The request breaks a rule of the contract."""


class AudioError(InputError):
    """Samples or a recording that cannot be recognised."""


class TextError(InputError):
    """A text that cannot be processed."""


class ParameterError(InputError):
    """A request parameter of the wrong type, or out of range."""


class OverloadError(TritoneError, RuntimeError):
    """The model's queue is full; the request was not started and can be retried."""


class ModelLostError(TritoneError, RuntimeError):
    """A called model has no living process; the request can be retried when it is loaded again."""


class CancelledError(TritoneError):
    """The client cancelled the request or disconnected."""


class ArtifactError(TritoneError, ValueError):
    """A graph, a sidecar file or a config does not match the others."""


class ServerError(TritoneError, RuntimeError):
    """The Triton server could not be started or stopped."""


class PortInUseError(ServerError, OSError):
    """Another process already listens on a port of the server."""


class InstallationError(ServerError):
    """No usable tritonserver binary, Python backend stub or libpython was found."""


class StartupError(ServerError):
    """The server ended while starting, or was not ready in time."""


class WireStatus(NamedTuple):
    """The status of an error class in each protocol."""

    triton: str  # member of pb_utils.TritonError
    grpc: str  # grpc.StatusCode name
    http: int


WIRE_STATUS: dict[type[TritoneError], WireStatus] = {
    InputError: WireStatus("INVALID_ARG", "INVALID_ARGUMENT", HTTPStatus.BAD_REQUEST),
    OverloadError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    ModelLostError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    CancelledError: WireStatus("CANCELLED", "CANCELLED", 499),  # as Triton does; IANA has no such code
    ServerError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    TritoneError: WireStatus("INTERNAL", "INTERNAL", HTTPStatus.INTERNAL_SERVER_ERROR),
}


def wire_status(error: TritoneError) -> WireStatus:
    """Return the status of the nearest class in `error`'s ancestry."""
    return next(WIRE_STATUS[cls] for cls in type(error).__mro__ if cls in WIRE_STATUS)
