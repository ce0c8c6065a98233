"""The `tritone-gateway` command."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from tritone_gateway.errors import StartupError
from tritone_gateway.observability.logs import configure
from tritone_gateway.process.server import GatewayServer
from tritone_gateway.settings import Settings
from tritone_gateway.settings.options import load, settings_options
from tritone_gateway.storage.database import open_engine
from tritone_gateway.storage.migration import upgrade


@click.group()
def main() -> None:
    """Web APIs for the tritone speech service."""


@main.command(context_settings={"max_content_width": 110})
@settings_options
def serve(**given: Any) -> None:
    """Serve in the foreground, until Ctrl-C or SIGTERM.

    Every option can also be given by the environment variable in brackets; the option wins.
    """
    try:
        settings = load(given)
        configure(settings.log_format, settings.log_level)
        GatewayServer(settings).run()
    except StartupError as error:
        click.echo(f"tritone-gateway: {error}", err=True)
        sys.exit(1)


@main.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    try:
        before, now = asyncio.run(_migrate(load({})))
    except (StartupError, OSError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"version {now}" + (f", was {before or 'empty'}" if before != now else ", as before"))


async def _migrate(settings: Settings) -> tuple[str, str]:
    engine = open_engine(settings)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()
