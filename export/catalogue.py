"""The table of published checkpoints, made from what the families declare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from export.columns import aligned
from export.families import families
from export.family import Family
from export.published import MB, UNKNOWN, Published

HEADER = ("name", "class", "about", "licence", "published at")


@dataclass(frozen=True)
class Entry:
    """One published checkpoint."""

    name: str  #: that it is fetched by
    family: type[Family]  #: that exports it
    published: Published

    @property
    def size_bytes(self) -> int | None:
        """About; None where it is not known."""
        size_mb = self.published.size_mb
        return None if size_mb is None else round(size_mb * MB)


def catalogue() -> dict[str, Entry]:
    """All published checkpoints of all families, by name."""
    return {
        name: Entry(name, family, Published.of(declared))
        for family in families()
        for name, declared in family.published.items()
    }


def table(entries: Iterable[Entry], sizes: Mapping[str, int | None] | None = None) -> str:
    """The entries as aligned columns; those that the exporter refuses come last, with the reason.

    Args:
        entries: to show.
        sizes: exact sizes in bytes, where the hosts have been asked.
    """
    shown = list(entries)
    rows = [
        (
            entry.name,
            entry.family.class_name,
            amount((sizes or {}).get(entry.name) or entry.size_bytes),
            entry.published.licence,
            entry.published.page,
        )
        for entry in shown
        if not entry.published.refused
    ]
    refused = [
        f"{entry.name}: refused by the exporter ({entry.published.refused})"
        for entry in shown
        if entry.published.refused
    ]
    return "\n".join([*aligned([HEADER, *rows]), *refused])


def amount(size_bytes: int | None) -> str:
    """A size in words."""
    if size_bytes is None:
        return UNKNOWN
    if size_bytes < 1000 * MB:
        return f"{size_bytes / MB:.3g} MB"
    return f"{size_bytes / (1000 * MB):.2f} GB"
