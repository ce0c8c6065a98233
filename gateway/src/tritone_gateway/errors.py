"""Errors that callers of the gateway see, whatever API they use; `error_forms` renders them for each API."""

from __future__ import annotations


class GatewayError(Exception):
    """A request that cannot be answered.

    Args:
        message: for the caller: what was wrong, the rule, the remedy. Never contains audio or text of anyone.
        param: name of the field that was wrong.
        retry_after_s: when it is worth trying again.
    """

    status = 500  #: of HTTP
    code = "internal_error"  #: for programs

    def __init__(self, message: str, *, param: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.retry_after_s = retry_after_s


class BadRequestError(GatewayError):
    """A field breaks a rule; the same request fails again."""

    status, code = 400, "invalid_request"


class AuthenticationError(GatewayError):
    """No key, or not a valid one."""

    status, code = 401, "invalid_api_key"


class ForbiddenError(GatewayError):
    """The key is valid, but not for this."""

    status, code = 403, "forbidden"


class NotFoundError(GatewayError):
    """No such path, record, model or voice."""

    status, code = 404, "not_found"


class MethodNotAllowedError(GatewayError):
    """The path exists, but not for this method."""

    status, code = 405, "method_not_allowed"


class SlowClientError(GatewayError):
    """The body came too slowly, or not to its end."""

    status, code = 408, "request_timeout"


class TooLargeError(GatewayError):
    """The body is larger than the gateway accepts."""

    status, code = 413, "too_large"


class RangeError(GatewayError):
    """The file has no such range of bytes."""

    status, code = 416, "range_not_satisfiable"


class RateLimitError(GatewayError):
    """The caller's limit is reached."""

    status, code = 429, "rate_limit_exceeded"


class ClientGoneError(GatewayError):
    """The client closed the connection before it was answered; only logs and metrics see this."""

    status, code = 499, "client_gone"


class InternalError(GatewayError):
    """A failure of the gateway or of the server."""


class UnavailableError(GatewayError):
    """The speech server is down, starting or full."""

    status, code = 503, "unavailable"


class DeadlineError(GatewayError):
    """The speech server did not answer in time."""

    status, code = 504, "timeout"


class StartupError(Exception):
    """The gateway cannot start; the message is for the operator and names the setting and the remedy."""


def unforeseen() -> InternalError:
    """Return what a caller is told of an error that the gateway has not foreseen."""
    return InternalError("The gateway failed; its log has the reason.")
