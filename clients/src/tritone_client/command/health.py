"""`tritone health`: whether the server can be used."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

import click

from tritone_client.async_client import AsyncClient
from tritone_client.command.connection import Connection, connected, exit_with, run
from tritone_client.errors import ModelNotFoundError, ServerNotReadyError
from tritone_client.probing import DEADLINE_S
from tritone_client.results import PipelineProbe


@click.command()
@click.option("--probe", is_flag=True, help="Also send a small request to each pipeline.")
@click.option(
    "--deadline",
    "deadline_s",
    type=click.FloatRange(min=0, min_open=True),
    default=DEADLINE_S,
    metavar="SECONDS",
    show_default=True,
    help="With --probe: time limit per pipeline; all are probed concurrently.",
)
@connected
def health(connection: Connection, probe: bool, deadline_s: float) -> None:
    """Show whether the server and its models can be used.

    A server whose model has died still calls itself ready; --probe finds that out. A pipeline that has no
    room for the probe because of other requests is busy, not dead.

    Exit code 0 when all of them can be used, 1 otherwise.
    """
    exit_with(run(_health(connection, deadline_s if probe else None)))


async def _health(connection: Connection, deadline_s: float | None) -> bool:
    async with connection.client() as client:
        with suppress(ServerNotReadyError, ModelNotFoundError):  # reported below
            await client.wait_until_ready(connection.wait_s)
        state = await client.health()
        probes = await _probes(client, state.models, deadline_s) if deadline_s else {}
    click.echo(f"server            {state.server} {state.version} at {client.url} over {client.protocol}")
    click.echo(f"live              {_yes(state.live)}")
    click.echo(f"ready             {_yes(state.ready)}")
    for name, model in state.models.items():
        versions = f", version {', '.join(model.versions)}" if model.versions else ""
        probed = f", {_outcome(probes[name])}" if name in probes else ""
        click.echo(f"{name:<18}{'ready' if model.ready else 'not ready'}{versions}{probed}")
    return state.ok and all(probe.state != "failed" for probe in probes.values())


async def _probes(client: AsyncClient, models: Iterable[str], deadline_s: float) -> dict[str, PipelineProbe]:
    """Probe all pipelines concurrently, so that the command ends within one deadline."""
    found = await asyncio.gather(*(client.probe([model], deadline_s) for model in models))
    return {name: probe for result in found for name, probe in result.pipelines.items()}


def _outcome(probe: PipelineProbe) -> str:
    if probe.state == "answered":
        return f"answered in {probe.seconds:.2f} s"
    return f"{probe.state}: {probe.problem}"


def _yes(state: bool) -> str:
    return "yes" if state else "no"
