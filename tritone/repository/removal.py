"""`python -m tritone.repository.removal`: remove the models and pipelines of a name."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ..errors import TritoneError
from ..server.control import ModelControl
from .command_options import add_options, repositories_of, server_of
from .sets import NamedSet, Sets

DRAIN_S = 600.0  # the longest recording on a busy CPU


def main(arguments: Sequence[str] | None = None) -> int:
    """Remove a set; return 0, or 1 if it was rejected or failed and nothing was removed."""
    parser = argparse.ArgumentParser(prog="python -m tritone.repository.removal", description=__doc__)
    parser.add_argument("name", help="that the set was exported under, e.g. parakeet")
    add_options(parser)
    given = parser.parse_args(arguments)
    try:
        found = Sets(repositories_of(given)).find(given.name)
        server = server_of(given)
        if server is None:
            remove_folders(found.folders)
        else:
            with unloaded(found, server, lambda line: print(line, flush=True)):
                remove_folders(found.folders)
    except (TritoneError, OSError) as error:
        print(f"tritone: {error}", file=sys.stderr)
        return 1
    for folder in found.folders:
        print(f"removed {folder}")
    if server is None:
        print("A running server has the models loaded until it starts again; --server unloads them at once.")
    return 0


@contextmanager
def unloaded(found: NamedSet, server: ModelControl, report: Callable[[str], None]) -> Iterator[None]:
    """Have a server answer the last request of a set, and unload it; load it again if anything fails.

    Raises:
        ServerError: the server did not unload a model.
    """
    gone: list[str] = []
    try:
        for folder in (*found.pipelines, *found.models):
            versions = server.versions(folder.name)
            if not versions:  # installed after the server was started
                continue
            gone.append(folder.name)
            server.unload(folder.name)
            for version in versions:
                server.wait_gone(folder.name, version, DRAIN_S)
            report(f"unloaded {folder.name}")
        yield
    except BaseException:
        for name in reversed(gone):
            with suppress(TritoneError):
                server.load(name)
        raise


def remove_folders(folders: Sequence[Path]) -> None:
    """Remove all folders or none.

    Raises:
        OSError: a folder cannot be moved away; those moved before it are back.
    """
    moved: dict[Path, Path] = {}
    try:
        for folder in folders:
            away = folder.with_name(f".{folder.name}.removed")
            os.replace(folder, away)
            moved[folder] = away
    except BaseException:
        for folder, away in reversed(moved.items()):
            with suppress(OSError):
                os.replace(away, folder)
        raise
    for away in moved.values():
        shutil.rmtree(away, ignore_errors=True)  # hidden folders are not read as models


if __name__ == "__main__":
    sys.exit(main())
