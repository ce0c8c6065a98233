"""`tritone models` and `tritone voices`: what the server has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import click

from tritone_client.catalogue import Catalogue
from tritone_client.command.connection import Connection, connected, exit_with, run

DEFAULT = "(default)"
Rows = Sequence[Sequence[str]]


@click.command()
@connected
def models(connection: Connection) -> None:
    """List the recognisers and voices that the server has, with the names for --model."""
    exit_with(run(_print(connection, _model_rows)))


@click.command()
@connected
def voices(connection: Connection) -> None:
    """List the voices that the server has, with the options that each has a use for."""
    exit_with(run(_print(connection, _voice_rows)))


def _model_rows(found: Catalogue) -> Rows:
    kinds = [("recogniser", item) for item in found.recognisers] + [("voice", item) for item in found.voices]
    rows = [
        (item.name or DEFAULT, kind, ", ".join(item.pipelines), ", ".join(item.networks))
        for kind, item in kinds
    ]
    return [("NAME", "KIND", "PIPELINES", "NETWORKS"), *rows]


def _voice_rows(found: Catalogue) -> Rows:
    rows = [
        (item.name or DEFAULT, ", ".join(item.options), ", ".join(item.networks)) for item in found.voices
    ]
    return [("NAME", "OPTIONS", "NETWORKS"), *rows]


async def _print(connection: Connection, rows_of: Callable[[Catalogue], Rows]) -> bool:
    async with connection.client() as client:
        await client.wait_until_ready(connection.wait_s, models=())
        rows = rows_of(await client.models())
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return True
