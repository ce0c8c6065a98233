"""Inputs that a command cannot use."""

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
    """An input that is skipped."""

    name: str  #: shown to the user
    reason: str
    is_failure: bool = True  #: whether it makes the command fail


def skipped(entry: Entry) -> SkippedItem:
    """Return the skipped item for a folder entry."""
    return SkippedItem(click.format_filename(str(entry.path)), entry.problem, entry.is_failure)


def name_of(path: Path) -> str:
    """Return a path for messages."""
    return click.format_filename(str(path))


def report_skipped(found: Iterable[Item | SkippedItem]) -> tuple[list[Item], bool]:
    """Print the skipped items; return the others, and whether no skipped item is a failure."""
    items: list[Item] = []
    succeeded = True
    for item in found:
        if isinstance(item, SkippedItem):
            print_error(item.reason, item.name)
            succeeded &= not item.is_failure
        else:
            items.append(item)
    return items, succeeded
