"""`tritone-gateway keys`: makes, lists and revokes API keys in the database that the settings name."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click

from tritone_gateway.errors import StartupError
from tritone_gateway.operating import environment_settings, note
from tritone_gateway.security.callers import Scope
from tritone_gateway.security.key_store import KeyStore
from tritone_gateway.storage.database import open_database
from tritone_gateway.storage.tables import ApiKey, now

Result = TypeVar("Result")

_DEFAULT_SCOPES = (Scope.TRANSCRIBE, Scope.SYNTHESIZE, Scope.RECORDS)
_LONGEST_NAME = 200
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@click.group()
def keys() -> None:
    """API keys of callers: make, list, revoke.

    They are in the database of the settings (TRITONE_DATA_FOLDER or DATABASE_URL); a running gateway knows of
    changes within a second.
    """


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What it allows; repeatable.  [default: transcribe, synthesize, records]",
)
@click.option("--expires", metavar="90d|12h|4w|2027-01-31", help="When it ends.  [default: never]")
@click.option("--rate", type=click.IntRange(min=1), metavar="N", help="Requests per minute.  [default: any]")
@click.option(
    "--concurrency", type=click.IntRange(min=1), metavar="N", help="Requests at a time.  [default: any]"
)
def create(
    name: str, scopes: tuple[str, ...], expires: str | None, rate: int | None, concurrency: int | None
) -> None:
    """Make a key and print it: the only time that it is shown."""
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise click.BadParameter(f"expected 1 to {_LONGEST_NAME} printable characters.", param_hint="NAME")
    expires_at = _expiry(expires) if expires else None
    chosen = [Scope(scope) for scope in scopes] or list(_DEFAULT_SCOPES)

    async def work(store: KeyStore) -> str:
        key = await store.create(
            name, chosen, expires_at=expires_at, requests_per_minute=rate, concurrent_requests=concurrency
        )
        return key.text

    text = _in_store(work)
    note("key created", key=text.split("_")[1], name=name, scopes=[scope.value for scope in chosen])
    click.echo(text)
    click.echo("Keep it: it is stored as a hash and cannot be shown again.", err=True)


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print an object per line.")
def listed(as_json: bool) -> None:
    """List the keys; what is printed of a key cannot be used as one."""
    rows = _in_store(KeyStore.all)
    if as_json:
        for row in rows:
            click.echo(json.dumps(_described(row)))
        return
    lines: list[tuple[str, ...]] = [
        ("id", "state", "name", "scopes", "rate", "at a time", "expires", "last used")
    ]
    lines += map(_line, rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(part.ljust(width) for part, width in zip(line, widths, strict=True)).rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
def revoke(key_id: str) -> None:
    """Revoke a key, by the id that `list` prints; running gateways refuse it within a second."""
    found = re.fullmatch(r"(?:tritone_)?([0-9a-f]{12})(?:_.*)?", key_id)
    if found is None:
        raise click.BadParameter("expected the 12 characters that `list` prints.", param_hint="ID")
    plain = found[1]
    if not _in_store(lambda store: store.revoke(plain)):
        raise click.ClickException(f"{plain}: expected a key that is not revoked yet; `list` prints them.")
    note("key revoked", key=plain)
    click.echo(f"{plain} is revoked.")


def _expiry(text: str) -> datetime:
    span = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", text)
    try:
        at = now() + int(span[1]) * _UNITS[span[2]] if span else datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            "expected a span like 90d, 12h or 4w, or a date like 2027-01-31.", param_hint="--expires"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=timezone.utc)
    if at <= now():
        raise click.BadParameter("expected a time to come.", param_hint="--expires")
    return at


def _in_store(work: Callable[[KeyStore], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with open_database(environment_settings()) as database:
            return await work(KeyStore(database))

    try:
        return asyncio.run(run())
    except StartupError as error:
        raise click.ClickException(str(error)) from None


def _state(row: ApiKey) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now() else "valid"


def _line(row: ApiKey) -> tuple[str, ...]:
    def day(time: datetime | None, never: str) -> str:
        return never if time is None else time.strftime("%Y-%m-%d %H:%M")

    limits: Sequence[int | None] = (row.requests_per_minute, row.concurrent_requests)
    return (
        row.id,
        _state(row),
        row.name,
        ",".join(row.scopes),
        *(str(limit or "any") for limit in limits),
        day(row.expires_at, "never"),
        day(row.last_used_at, "never"),
    )


def _described(row: ApiKey) -> dict[str, Any]:
    def time(value: datetime | None) -> str | None:
        return value.isoformat() if value else None

    return {
        "id": row.id,
        "state": _state(row),
        "name": row.name,
        "scopes": row.scopes,
        "requests_per_minute": row.requests_per_minute,
        "concurrent_requests": row.concurrent_requests,
        "created_at": time(row.created_at),
        "expires_at": time(row.expires_at),
        "revoked_at": time(row.revoked_at),
        "last_used_at": time(row.last_used_at),
    }
