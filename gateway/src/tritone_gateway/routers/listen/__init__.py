"""`/v1/listen`: live transcription over a WebSocket, in Deepgram's convention."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, WebSocket
from fastapi.requests import HTTPConnection

from tritone_gateway.error_forms import register_form
from tritone_gateway.errors import BadRequestError, GatewayError, NotFoundError
from tritone_gateway.routers.listen.parameters import ListenParameters, parse
from tritone_gateway.routers.listen.session import Session
from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.security.credentials import accepted_subprotocol
from tritone_gateway.services import Services, services

router = APIRouter(tags=["live transcription"])


class UpgradeRequiredError(GatewayError):
    """The path needs a WebSocket."""

    status, code = 426, "upgrade_required"


@dataclass(frozen=True)
class Prepared:
    """A request for live transcription that can be served."""

    caller: Caller
    parameters: ListenParameters
    model: str  #: of the backend; empty: the default one


async def prepared(
    connection: HTTPConnection,
    caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))],
    using: Annotated[Services, Depends(services)],
) -> Prepared:
    """Dependency: everything that can be checked before the connection is accepted."""
    parameters = parse(connection.query_params.multi_items())
    settings = using.settings
    language = parameters.language.split("-")[0].lower()
    if language not in ("", settings.listen_language):
        raise BadRequestError(
            f"language: expected {settings.listen_language}, which is what is recognised here.",
            param="language",
        )
    usual = parameters.model.split("-")[0].lower() in settings.listen_default_models
    model = "" if usual else parameters.model
    if not await using.offered.has_recogniser(model):
        raise NotFoundError(
            "model: there is no such recogniser; leave it out for the default one.", param="model"
        )
    await using.backend.check_ready()
    return Prepared(caller, parameters, model)


@router.websocket("/v1/listen")
async def listen(
    websocket: WebSocket,
    request: Annotated[Prepared, Depends(prepared)],
    using: Annotated[Services, Depends(services)],
) -> None:
    """Transcribe audio while it comes in."""
    request_id = str(uuid.uuid4())
    await websocket.accept(accepted_subprotocol(websocket), headers=[(b"dg-request-id", request_id.encode())])
    session = Session(
        websocket,
        using.backend,
        request.parameters,
        request.model,
        request_id,
        using.settings.listen_idle_s,
        using.draining.started,
    )
    try:
        await session.run()
    finally:
        using.metrics.audio_seconds("listen", request.caller, session.audio_s)


@router.get("/v1/listen", responses={426: {"description": "Open a WebSocket with the same parameters."}})
async def check(request: Annotated[Prepared, Depends(prepared)]) -> None:
    """Check a request for live transcription without a WebSocket.

    Browsers don't tell scripts why a WebSocket was refused. The same request without an upgrade is answered
    with that reason, or with 426 if the WebSocket would be accepted.
    """
    raise UpgradeRequiredError("connection: expected a WebSocket; open one with these parameters.")


def _error_form(error: GatewayError) -> dict[str, Any]:
    return {"err_code": error.code, "err_msg": error.message, "request_id": str(uuid.uuid4())}


register_form("/v1/listen", _error_form, header="dg-error")
