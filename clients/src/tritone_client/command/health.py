"""`tritone health`: whether the server can be used."""

from __future__ import annotations

from contextlib import suppress

import click

from tritone_client.command.connection import Connection, connected, leave, run
from tritone_client.errors import ModelNotFoundError, ServerNotReadyError


@click.command()
@connected
def health(connection: Connection) -> None:
    """Show whether the server and its models can be used.

    Exit code 0 when all of them can, 1 otherwise.
    """
    leave(run(_health(connection)))


async def _health(connection: Connection) -> bool:
    async with connection.client() as client:
        with suppress(ServerNotReadyError, ModelNotFoundError):  # what is not ready is shown below
            await client.wait_until_ready(connection.wait_s)
        state = await client.health()
    click.echo(f"server            {state.server} {state.version} at {client.url} over {client.protocol}")
    click.echo(f"live              {_yes(state.live)}")
    click.echo(f"ready             {_yes(state.ready)}")
    for name, model in state.models.items():
        versions = f", version {', '.join(model.versions)}" if model.versions else ""
        click.echo(f"{name:<18}{'ready' if model.ready else 'not ready'}{versions}")
    return state.ok


def _yes(state: bool) -> str:
    return "yes" if state else "no"
