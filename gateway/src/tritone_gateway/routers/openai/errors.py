"""Errors as OpenAI's clients expect them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tritone_gateway.error_forms import register_form
from tritone_gateway.errors import GatewayError

PREFIX = "/v1/"
_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def openai_form(error: GatewayError) -> dict[str, Any]:
    """Return the body of an error."""
    kind = _TYPES.get(error.status, "invalid_request_error" if error.status < 500 else "server_error")
    return {"error": {"message": error.message, "type": kind, "param": error.param, "code": error.code}}


register_form(PREFIX, openai_form)


class NoSuchModelError(GatewayError):
    """A model's name stands for nothing."""

    status, code = 404, "model_not_found"


def no_such_model(name: str) -> NoSuchModelError:
    """Return the error for a model's name."""
    return NoSuchModelError(
        f"model: expected a model that is served, got {shown(name)}; GET /v1/models lists them.",
        param="model",
    )


def shown(value: str) -> str:
    """Return a name that a caller sent, in a form that is safe to send back."""
    return f"{value[:80]!a}"


@contextmanager
def renamed(names: Mapping[str, str]) -> Iterator[None]:
    """Let errors of the speech service speak of this API's fields.

    Args:
        names: field by the name that the speech service has for it.
    """
    try:
        yield
    except GatewayError as error:
        for name, field in names.items():
            if re.match(rf"{name}\b(?=[^:]*:)", error.message):
                error.param, error.message = field, field + error.message.removeprefix(name)
        raise
