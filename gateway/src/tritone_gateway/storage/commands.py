"""Commands for the operator of records."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import click
from cryptography.fernet import Fernet
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from tritone_gateway.errors import GatewayError, StartupError
from tritone_gateway.operating import environment_settings, note
from tritone_gateway.settings import Settings
from tritone_gateway.storage.database import open_database, open_engine
from tritone_gateway.storage.migration import upgrade
from tritone_gateway.storage.opening import open_records
from tritone_gateway.storage.reencryption import encrypt_all
from tritone_gateway.storage.sweep import Sweep
from tritone_gateway.storage.tables import Record
from tritone_gateway.webhooks.signing import read_secrets

T = TypeVar("T")


@click.command()
def migrate() -> None:
    """Bring the database's tables up to date."""
    before, now = _run(_migrated(environment_settings()))
    click.echo(f"version {now}" + (f", was {before or 'empty'}" if before != now else ", as before"))


@click.command()
def audio_key() -> None:
    """Print a new key for the file that audio_key_file names."""
    click.echo(Fernet.generate_key().decode())


@click.command()
def encrypt_audio() -> None:
    """Encrypt all stored audio with the first key of audio_key_file; gateways may serve meanwhile."""
    settings = environment_settings()
    if settings.audio_key_file is None:
        raise click.ClickException(
            "audio_key_file: expected a file with keys; `tritone-gateway audio-key` makes one."
        )
    click.echo(f"{_run(_encrypted(settings))} files encrypted")


@click.command()
@click.argument("key_id")
@click.confirmation_option(prompt="Remove all records of this key and their audio?")
def delete_records(key_id: str) -> None:
    """Remove all records of a key, revoked or not, with their audio."""
    count = _run(_deleted(environment_settings(), key_id))
    click.echo(f"{count} records removed")
    note("records removed", key=key_id, count=count)


@click.command()
@click.argument("key_id")
def webhook_secret(key_id: str) -> None:
    """Print the secret that the owner of a key checks the signatures of webhooks with."""
    settings = environment_settings()
    if settings.webhook_secret_file is None:
        raise click.ClickException(
            "webhook_secret_file: expected a file with a secret; without it no webhook is sent."
        )
    try:
        click.echo(read_secrets(settings.webhook_secret_file).shown(key_id))
    except StartupError as error:
        raise click.ClickException(str(error)) from None


COMMANDS = (migrate, audio_key, encrypt_audio, delete_records, webhook_secret)


def _run(work: Coroutine[Any, Any, T]) -> T:
    try:
        return asyncio.run(work)
    except (StartupError, GatewayError, OSError, SQLAlchemyError) as error:
        raise click.ClickException(str(error)) from None


async def _migrated(settings: Settings) -> tuple[str, str]:
    engine = open_engine(settings)
    try:
        return await upgrade(engine)
    finally:
        await engine.dispose()


async def _encrypted(settings: Settings) -> int:
    async with open_database(settings) as database, open_records(settings, database) as records:
        return await encrypt_all(database, records)


async def _deleted(settings: Settings, key_id: str) -> int:
    theirs = select(Record.uuid, Record.audio_path).where(Record.owner == key_id)
    async with open_database(settings) as database, open_records(settings, database) as records:
        return await Sweep(database, records, settings).remove_all(theirs)
