"""Health for load balancers and orchestrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from tritone_gateway.errors import UnavailableError
from tritone_gateway.services import Services, services

_STOPPING_S = 5  # after which another process should have taken over
router = APIRouter(tags=["health"])


@router.get("/health/live")
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
async def ready(using: Annotated[Services, Depends(services)]) -> dict[str, str]:
    """Requests can be served: the speech server has loaded its models."""
    if using.draining.started.is_set():
        raise UnavailableError("The gateway is stopping.", retry_after_s=_STOPPING_S)
    await using.backend.check_ready()
    return {"status": "ok"}
