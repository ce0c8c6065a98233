"""The exception tree, and how each branch is answered on the wire.

    TritoneError
    ├── InputError (ValueError)          what a caller sent breaks a rule
    │   ├── AudioError                   samples or a recording
    │   ├── TextError                    a transcript, or a text to speak
    │   └── ParameterError               a request parameter
    ├── OverloadError (RuntimeError)     there is more to do than a model takes on
    ├── ModelLostError (RuntimeError)    the processes of a model that another one calls are dead
    ├── CancelledError                   the caller has gone; nobody waits for an answer
    ├── ArtifactError (ValueError)       a graph, sidecar file or config does not fit the others
    └── ServerError (RuntimeError)       the Triton server could not be started or stopped
        ├── PortInUseError (OSError)     something else listens on a port
        ├── InstallationError            no usable tritonserver, stub or libpython
        └── StartupError                 the server ended, or was not ready in time

Messages read: subject, rule, value received, remedy. They never repeat a user's audio or text.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple


class TritoneError(Exception):
    """Base of every error that tritone raises on purpose."""


class InputError(TritoneError, ValueError):
    """What a caller sent breaks a rule of the contract."""


class AudioError(InputError):
    """Samples or a recording that cannot be recognised."""


class TextError(InputError):
    """A text that cannot be processed."""


class ParameterError(InputError):
    """A request parameter of the wrong type, or out of range."""


class OverloadError(TritoneError, RuntimeError):
    """There is more to do than a model takes on; the request was not begun."""


class ModelLostError(TritoneError, RuntimeError):
    """A model that another one calls has no living process; a request may be sent again when it has."""


class CancelledError(TritoneError):
    """The caller has gone; nobody waits for an answer."""


class ArtifactError(TritoneError, ValueError):
    """A graph, a sidecar file or a config that does not fit the others."""


class ServerError(TritoneError, RuntimeError):
    """The Triton server could not be started or stopped."""


class PortInUseError(ServerError, OSError):
    """Something else already listens on a port the server needs."""


class InstallationError(ServerError):
    """No usable tritonserver binary, Python backend stub or libpython was found."""


class StartupError(ServerError):
    """The server ended while starting, or was not ready in time."""


class WireStatus(NamedTuple):
    """How one class of error is answered by each protocol."""

    triton: str  # member of pb_utils.TritonError
    grpc: str  # grpc.StatusCode name
    http: int


WIRE_STATUS: dict[type[TritoneError], WireStatus] = {
    InputError: WireStatus("INVALID_ARG", "INVALID_ARGUMENT", HTTPStatus.BAD_REQUEST),
    OverloadError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    ModelLostError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    CancelledError: WireStatus("CANCELLED", "CANCELLED", 499),  # 499 by Triton's choice, IANA has none
    ServerError: WireStatus("UNAVAILABLE", "UNAVAILABLE", HTTPStatus.SERVICE_UNAVAILABLE),
    TritoneError: WireStatus("INTERNAL", "INTERNAL", HTTPStatus.INTERNAL_SERVER_ERROR),
}


def wire_status(error: TritoneError) -> WireStatus:
    """Return the row of the nearest class in `error`'s ancestry."""
    return next(WIRE_STATUS[cls] for cls in type(error).__mro__ if cls in WIRE_STATUS)
