"""Process many items concurrently, with a progress bar and errors per item."""

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
    """An item with a name that is shown to the user."""

    @property
    def name(self) -> str:
        """The name shown to the user."""


Item = TypeVar("Item", bound=Named)
Result = TypeVar("Result")


def concurrency_option(items: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add `--concurrency` to a command; its help calls what is sent `items`."""
    return click.option(
        "--concurrency",
        type=click.IntRange(min=1),
        default=DEFAULT_CONCURRENCY,
        metavar="N",
        show_default=True,
        help=f"Number of {items} sent concurrently.",
    )


async def process_all(
    items: Sequence[Item],
    work: Callable[[Item], Awaitable[Result]],
    write: Callable[[Item, Result], None],
    concurrency: int,
) -> bool:
    """Run `work` for all items and `write` the results in order; return whether all succeeded.

    A TritoneError or OSError of either is reported for its item, and the other items continue.

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
    """Show a progress bar on stderr if that is a terminal."""

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
