"""`tritone punctuate`: punctuation and capitals for transcripts."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import aclosing

import click

from tritone_client.async_client import AsyncClient
from tritone_client.calls import PUNCTUATE
from tritone_client.command.connection import Connection, connected, error_text, exit_with, print_error, run
from tritone_client.command.text_content import lines_of
from tritone_client.errors import TritoneError
from tritone_client.ordering import in_order
from tritone_client.settings import DEFAULT_CONCURRENCY


@click.command()
@click.argument("text", nargs=-1, required=True)
@connected
def punctuate(connection: Connection, text: tuple[str, ...]) -> None:
    """Print TEXT with punctuation and capitals.

    Several arguments are joined to one text. With - each line of stdin is a separate text.
    """
    from_stdin = text == ("-",)
    texts = _stdin_lines() if from_stdin else [" ".join(text)]
    exit_with(run(_punctuate(connection, texts, keep_blank=from_stdin)))


async def _punctuate(connection: Connection, texts: Sequence[str], keep_blank: bool) -> bool:
    async with connection.client() as client:
        await client.wait_until_ready(connection.wait_s, [PUNCTUATE])
        return await _print_all(client, texts, keep_blank)


def _stdin_lines() -> list[str]:
    try:
        return lines_of(sys.stdin.buffer.read())
    except TritoneError as error:
        print_error(error_text(error), "-")
        exit_with(False)


async def _print_all(client: AsyncClient, texts: Sequence[str], keep_blank: bool) -> bool:
    async def punctuated(text: str) -> str | TritoneError:
        if keep_blank and not text.strip():
            return ""  # blank lines are kept
        try:
            return await client.punctuate(text)
        except TritoneError as error:
            return error

    succeeded = True
    async with aclosing(in_order(punctuated, texts, DEFAULT_CONCURRENCY)) as results:
        number = 0
        async for result in results:
            number += 1
            if isinstance(result, TritoneError):
                succeeded = False
                print_error(error_text(result), f"line {number}" if len(texts) > 1 else "tritone")
                result = ""  # keeps the line numbers of input and output equal
            click.echo(result)
    return succeeded
