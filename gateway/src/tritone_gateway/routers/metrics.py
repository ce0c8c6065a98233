"""Metrics for Prometheus."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client.exposition import choose_encoder

from tritone_gateway.security.callers import Scope, allowed
from tritone_gateway.services import Services, services

router = APIRouter(tags=["health"])


@router.get("/metrics", dependencies=[Depends(allowed(Scope.METRICS))], response_class=Response)
async def metrics(request: Request, using: Annotated[Services, Depends(services)]) -> Response:
    """Requests, latencies and audio seconds, in Prometheus' format."""
    encode, content_type = choose_encoder(request.headers.get("accept", ""))
    return Response(encode(using.metrics.registry), headers={"Content-Type": content_type})
