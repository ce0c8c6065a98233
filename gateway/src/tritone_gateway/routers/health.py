"""Health for load balancers and orchestrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from tritone_gateway.services import Services, services

router = APIRouter(tags=["health"])


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(using: Annotated[Services, Depends(services)]) -> dict[str, str]:
    """Requests can be served: the speech server has loaded its models."""
    await using.backend.check_ready()
    return {"status": "ok"}
