"""A table of all versions."""

from __future__ import annotations

from collections.abc import Iterator

from ...server.control import ModelControl
from .groups import Inventory, VersionGroup

_HEADINGS = ("models", "version", "checkpoint", "served", "used by")


def table(found: Inventory, server: ModelControl | None = None) -> list[str]:
    """Return a line of headings and one line per version of each group.

    Args:
        found: the groups and pipelines.
        server: a running server that reports which versions are ready; None to omit that column.
    """
    headings = (*_HEADINGS, "on the server") if server is not None else _HEADINGS
    rows = [headings, *(row for group in found.groups.values() for row in _rows(found, group, server))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _rows(found: Inventory, group: VersionGroup, server: ModelControl | None) -> Iterator[tuple[str, ...]]:
    states = {model: server.versions(model) for model in group.models} if server is not None else {}
    for version in group.versions:
        missing = group.without(version)
        users = ["pipelines"] if version in found.traffic(group) else []
        users += ["canaries"] if version in found.on_trial(group) else []
        archives = [
            f"{name} {sha256[:12]}"
            for by_sha256 in group.checkpoints(version).values()
            for sha256, name in by_sha256.items()
        ]
        row: tuple[str, ...] = (
            group.name,
            str(version),
            f"incomplete, {', '.join(missing)} missing" if missing else ", ".join(archives) or "unknown",
            "yes" if version in group.served else "no",
            " and ".join(users) or "none",
        )
        if server is not None:
            ready = [model for model in group.models if states[model].get(version) == "READY"]
            row = (*row, _loaded(len(ready), len(group.models)))
        yield row


def _loaded(ready: int, all_models: int) -> str:
    if ready == all_models:
        return "ready"
    return f"{ready} of {all_models} models ready" if ready else "not loaded"
