"""What the user named, or a folder holds, and the command cannot use."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from tritone_client.command.connection import print_error
from tritone_client.folders import Entry

Item = TypeVar("Item")


@dataclass(frozen=True)
class SkippedItem:
    """Something that is left out."""

    name: str  #: as the user knows it
    reason: str
    is_failure: bool = True  #: whether the command has failed for it


def skipped(entry: Entry) -> SkippedItem:
    """Return what is left out of a folder."""
    return SkippedItem(click.format_filename(str(entry.path)), entry.problem, entry.is_failure)


def name_of(path: Path) -> str:
    """Return a path as messages show it."""
    return click.format_filename(str(path))


def report_skipped(found: Iterable[Item | SkippedItem]) -> tuple[list[Item], bool]:
    """Report what cannot be used; return the rest, and whether nothing of that is a failure."""
    items: list[Item] = []
    succeeded = True
    for item in found:
        if isinstance(item, SkippedItem):
            print_error(item.reason, item.name)
            succeeded &= not item.is_failure
        else:
            items.append(item)
    return items, succeeded
