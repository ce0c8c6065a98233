"""Tokens with which a page opens a WebSocket, to which a browser lets it add no header."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from tritone_gateway.security.callers import Caller, Scope, allowed
from tritone_gateway.security.tokens import LIFETIME_S
from tritone_gateway.services import Services, services

LISTEN = "/v1/listen"
router = APIRouter(tags=["live"])


class TokenBody(BaseModel):
    """A token for one WebSocket."""

    token: str
    expires_in_s: int


@router.post(f"{LISTEN}/token")
async def listen_token(
    caller: Annotated[Caller, Depends(allowed(Scope.TRANSCRIBE))],
    using: Annotated[Services, Depends(services)],
) -> TokenBody:
    """Return a token for `WS /v1/listen?token=...`: for one connection, within a minute."""
    return TokenBody(token=using.access.tokens.issue(caller.key_id, LISTEN), expires_in_s=LIFETIME_S)
