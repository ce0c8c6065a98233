"""The `tritone-gateway` command."""

from __future__ import annotations

import sys
from typing import Any

import click

from tritone_gateway.errors import StartupError
from tritone_gateway.observability.logs import configure
from tritone_gateway.process.server import GatewayServer
from tritone_gateway.security.commands import keys
from tritone_gateway.settings.options import load, settings_options
from tritone_gateway.storage import commands as storage_commands


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


for command in (keys, *storage_commands.COMMANDS):
    main.add_command(command)
