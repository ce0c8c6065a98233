"""What the commands for operators share."""

from __future__ import annotations

import getpass
from typing import Any

import click

from tritone_gateway.errors import StartupError
from tritone_gateway.security.audit import open_audit
from tritone_gateway.settings import Settings
from tritone_gateway.settings.options import load


def environment_settings() -> Settings:
    """Return the settings of the environment; report a wrong one as the command's error."""
    try:
        return load({})
    except StartupError as error:
        raise click.ClickException(str(error)) from None


def note(action: str, **fields: Any) -> None:
    """Write what the operator has done into the audit log, or say that it could not be written."""
    try:
        with open_audit(environment_settings()) as audit:
            audit.write(action, user=getpass.getuser(), **fields)
    except StartupError as error:
        click.echo(f"Not in the audit log: {error}", err=True)
