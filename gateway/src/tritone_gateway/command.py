"""The `tritone-gateway` command."""

from __future__ import annotations

import click
import uvicorn

from tritone_gateway.app import create_app
from tritone_gateway.settings import Settings


@click.group()
def main() -> None:
    """Web APIs for the tritone speech service."""


@main.command()
def serve() -> None:
    """Serve in the foreground."""
    settings = Settings()
    uvicorn.run(create_app(settings), host=settings.gateway_address, port=settings.gateway_port)
