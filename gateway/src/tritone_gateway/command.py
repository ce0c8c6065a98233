"""The `tritone-gateway` command."""

from __future__ import annotations

import asyncio

import click
import uvicorn

from tritone_gateway.app import create_app
from tritone_gateway.settings import Settings
from tritone_gateway.storage.database import open_engine
from tritone_gateway.storage.migration import upgrade


@click.group()
def main() -> None:
    """Web APIs for the tritone speech service."""


@main.command()
def serve() -> None:
    """Serve in the foreground."""
    settings = Settings()
    uvicorn.run(create_app(settings), host=settings.gateway_address, port=settings.gateway_port)


@main.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    try:
        before, now = asyncio.run(_migrate(Settings()))
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"version {now}" + (f", was {before or 'empty'}" if before != now else ", as before"))


async def _migrate(settings: Settings) -> tuple[str, str]:
    engine = open_engine(settings)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()
