"""OpenAI's audio API."""

from __future__ import annotations

from fastapi import APIRouter

from tritone_gateway.routers.openai import models, speech, transcriptions

router = APIRouter(prefix="/v1", tags=["OpenAI"])
router.include_router(transcriptions.router, prefix="/audio")
router.include_router(speech.router, prefix="/audio")
router.include_router(models.router)
