"""The `tritone-gateway` command."""

from __future__ import annotations

import logging
import os
import sys
from typing import Any

import click

from tritone_gateway.errors import StartupError
from tritone_gateway.observability.logs import configure
from tritone_gateway.process.probe import failure
from tritone_gateway.process.server import GatewayServer
from tritone_gateway.security.commands import keys
from tritone_gateway.settings.options import load, misspelt, settings_options
from tritone_gateway.storage import commands as storage_commands

_log = logging.getLogger(__name__)


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
        for name, meant in misspelt(os.environ).items():
            _log.warning("there is no such setting", extra={"fields": {"variable": name, "meant": meant}})
        GatewayServer(settings).run()
    except StartupError as error:
        click.echo(f"tritone-gateway: {error}", err=True)
        sys.exit(1)


@main.command()
@click.option("--timeout", default=10.0, show_default=True, help="Seconds to wait for the answer.")
@settings_options
def health(timeout: float, **given: Any) -> None:
    """Exit with 0 if the gateway on this machine is ready, otherwise with 1.

    It is found by the same settings as `serve` has.
    """
    try:
        reason = failure(load(given), timeout)
    except StartupError as error:
        reason = str(error)
    if reason is not None:
        click.echo(f"tritone-gateway: {reason}", err=True)
        sys.exit(1)
    click.echo("ready")


for command in (keys, *storage_commands.COMMANDS):
    main.add_command(command)
