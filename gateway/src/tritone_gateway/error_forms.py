"""Each API has its own form of errors; a request's path decides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError
from fastapi.requests import HTTPConnection
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from tritone_gateway.errors import (
    BadRequestError,
    GatewayError,
    MethodNotAllowedError,
    NotFoundError,
    unforeseen,
)

ErrorForm = Callable[[GatewayError], dict[str, Any]]


def detail_form(error: GatewayError) -> dict[str, Any]:
    """The form of the REST API: `detail`, with the field's name where one was wrong."""
    named = {"field": error.param} if error.param else {}
    return {"detail": error.message, "code": error.code, **named}


_FORMS: list[tuple[str, ErrorForm, str]] = []


def register_form(prefix: str, form: ErrorForm, header: str = "") -> None:
    """Render the errors of all paths that begin with a prefix in a form; the longest prefix counts.

    A header may have the message, too, for callers who don't get the body.
    """
    _FORMS.append((prefix, form, header))


def response(path: str, error: GatewayError) -> JSONResponse:
    """Return the response for an error, in the form of the API that a path belongs to."""
    forms = (registered for registered in _FORMS if path.startswith(registered[0]))
    _, form, header = max(forms, key=lambda registered: len(registered[0]), default=("", detail_form, ""))
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    if header:
        headers[header] = error.message.encode("ascii", "replace").decode()
    return JSONResponse(form(error), error.status, headers)


def install(app: FastAPI) -> None:
    """Answer every error of an application in the form of its API."""

    @app.exception_handler(GatewayError)
    async def own(connection: HTTPConnection, error: GatewayError) -> JSONResponse | None:
        answer = response(connection.url.path, error)
        if isinstance(connection, WebSocket):  # not accepted yet, or its router would have told the caller
            await connection.send_denial_response(answer)
            return None
        return answer

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return response(request.url.path, _of_validation(error))

    @app.exception_handler(HTTPException)
    async def of_framework(request: Request, error: HTTPException) -> JSONResponse:
        return response(request.url.path, _of_framework(request, error))

    @app.exception_handler(Exception)
    async def of_failure(request: Request, error: Exception) -> JSONResponse:
        return response(request.url.path, unforeseen())


def _of_validation(error: RequestValidationError) -> BadRequestError:
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return BadRequestError("body: expected JSON, got something else; check quotes, commas and brackets.")
    fields = (str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    field = next(fields, None)  # what follows are places within its value
    message = first["msg"].replace("Input should be", "expected").removeprefix("Value error, ")
    if first["type"] == "missing":
        message = "expected a value, got none"
    return BadRequestError(f"{field or 'body'}: {message}.", param=field)


def _of_framework(request: Request, error: HTTPException) -> GatewayError:
    if error.status_code == 404:
        return NotFoundError(f"{request.url.path}: no such path; /docs lists them.")
    if error.status_code == 405:
        return MethodNotAllowedError(f"{request.url.path}: {request.method} is not allowed.")
    if error.status_code < 500:
        return BadRequestError(f"{request.url.path}: {error.detail.rstrip('.')}.")
    return unforeseen()
