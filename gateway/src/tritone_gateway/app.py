"""The application: every API on one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tritone_gateway import error_forms
from tritone_gateway.routers import health, openai
from tritone_gateway.services import open_services
from tritone_gateway.settings import Settings

ROUTERS = (health.router, openai.router)


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its services are opened when it starts and closed when it stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(settings) as opened:
            app.state.services = opened
            yield

    app = FastAPI(title="tritone", lifespan=lifespan)
    error_forms.install(app)
    for router in ROUTERS:
        app.include_router(router)
    return app
