"""`GET /v1/models`: the names for the field `model`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from tritone_gateway.routers.openai import names
from tritone_gateway.routers.openai.errors import no_such_model
from tritone_gateway.schemas.openai import Model, ModelList
from tritone_gateway.security.callers import Caller, allowed
from tritone_gateway.services import Services, services

router = APIRouter()


@router.get("/models")
async def models(
    caller: Annotated[Caller, Depends(allowed())], using: Annotated[Services, Depends(services)]
) -> ModelList:
    """List the names of models."""
    return ModelList(data=await names.models(using.settings, using.offered))


@router.get("/models/{name:path}")
async def model(
    name: str,
    caller: Annotated[Caller, Depends(allowed())],
    using: Annotated[Services, Depends(services)],
) -> Model:
    """Describe one model."""
    for known in await names.models(using.settings, using.offered):
        if known.id == name:
            return known
    raise no_such_model(name)
