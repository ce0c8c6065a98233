"""Many items, one after another or several at once, with a bar while it takes time and errors by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import NoReturn, Protocol, TypeVar

import click
from tqdm import tqdm

from tritone_client.command.connection import error_text, print_error
from tritone_client.errors import TritoneError
from tritone_client.ordering import in_order
from tritone_client.settings import DEFAULT_CONCURRENCY

TICK_S = 0.5


class Named(Protocol):
    """Anything that a user knows by a name."""

    @property
    def name(self) -> str:
        """What the user calls it."""


Item = TypeVar("Item", bound=Named)
Result = TypeVar("Result")


def concurrency_option(items: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command `--concurrency`; `items` is what is sent, as its help names it."""
    return click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=DEFAULT_CONCURRENCY,
        metavar="N",
        show_default=True,
        help=f"{items} sent to the server at the same time.",
    )


async def process_all(
    items: Sequence[Item],
    work: Callable[[Item], Awaitable[Result]],
    write: Callable[[Item, Result], None],
    concurrency: int,
) -> bool:
    """Do `work` for all items, hand the results to `write` in their order; return whether all succeeded.

    A TritoneError or OSError of either is the item's: it is reported, and the others are done.

    Raises:
        BrokenPipeError: the reader of the output has gone.
    """
    succeeded = True
    async with _progress(len(items)) as progress:

        async def attempted(item: Item) -> tuple[Item, Result | Exception]:
            try:
                return item, await work(item)
            except (TritoneError, OSError) as error:
                return item, error
            finally:
                progress.update()

        async with aclosing(in_order(attempted, items, concurrency)) as results:
            async for item, result in results:
                with tqdm.external_write_mode():
                    succeeded &= _written(write, item, result)
    return succeeded


def _written(write: Callable[[Item, Result], None], item: Item, result: Result | Exception) -> bool:
    try:
        if isinstance(result, Exception):
            raise result
        write(item, result)
    except BrokenPipeError:
        raise  # the whole command ends
    except (TritoneError, OSError) as error:
        print_error(error_text(error), item.name)
        return False
    return True


@asynccontextmanager
async def _progress(total: int) -> AsyncIterator[tqdm[NoReturn]]:
    """Show a bar on stderr while work goes on, if that is a terminal."""

    async def tick(bar: tqdm[NoReturn]) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            bar.refresh()

    with tqdm(total=total, unit="file", disable=None, leave=False) as bar:
        ticking = asyncio.create_task(tick(bar))
        try:
            yield bar
        finally:
            ticking.cancel()
