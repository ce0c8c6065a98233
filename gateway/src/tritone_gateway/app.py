"""The application: every API on one event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from tritone_gateway import error_forms
from tritone_gateway.errors import StartupError
from tritone_gateway.observability.metrics import Metrics
from tritone_gateway.observability.traces import tracing
from tritone_gateway.process.draining import Draining, DrainingMiddleware
from tritone_gateway.routers import docs, health, listen, metrics, openai, page, records, tokens
from tritone_gateway.security import serving as security
from tritone_gateway.services import open_services
from tritone_gateway.settings import Settings

ROUTERS = (
    health.router,
    docs.router,
    metrics.router,
    openai.router,
    listen.router,
    *records.ROUTERS,
    tokens.router,
)


def create_app(settings: Settings) -> FastAPI:
    """Return the application; its services are opened when it starts and closed when it stops."""

    draining, measured = Draining(), Metrics()
    traces = tracing(settings.otlp_endpoint) if settings.otlp_endpoint else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_services(settings, draining, measured, traces) as opened:
                app.state.services = opened
                yield
        except StartupError as error:
            app.state.startup_error = error
            raise

    app = FastAPI(title="tritone", lifespan=lifespan, docs_url=None, redoc_url=None)
    docs.describe_keys(app)
    app.state.draining, app.state.metrics, app.state.traces = draining, measured, traces
    app.add_middleware(DrainingMiddleware, draining=draining)
    error_forms.install(app)
    security.install(app, settings)
    for router in ROUTERS:
        app.include_router(router)
    page.install(app)
    return app
