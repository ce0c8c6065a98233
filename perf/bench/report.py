"""Results as Markdown and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from perf.bench.results import Result, Row
from perf.instruments.command_line import table

HEADER = ("measured", "figure", "against", "ratio or share", "target", "met")


def markdown(results: Sequence[Result], machine: Mapping[str, str], command: str) -> str:
    """Return a table of all rows, followed by remarks, machine and command."""
    rows = [row for result in results for row in result.rows]
    lines = [*table(HEADER, [_cells(row) for row in rows]), ""]
    lines += [f"- {remark}" for result in results for remark in result.remarks]
    lines += ["", *(f"- {name}: {value}" for name, value in machine.items()), f"- command: `{command}`"]
    return "\n".join(lines) + "\n"


def raw(results: Sequence[Result], machine: Mapping[str, str], command: str) -> str:
    """Return everything as JSON, including the figures of every round."""
    content = {
        "command": command,
        "machine": machine,
        "results": [asdict(result) for result in results],
    }
    return json.dumps(content, indent=2) + "\n"


def _cells(row: Row) -> list[str]:
    target, met = "", ""
    if row.target is not None:
        target = f"{'≥' if row.target.at_least else '≤'} {_figure(row.target.bound, row.unit)}"
        met = "yes" if row.target.met_by(row.figure) else "no"
    return [row.subject, row.measured, row.against, _figure(row.figure, row.unit), target, met]


def _figure(value: float, unit: str) -> str:
    return f"{value * 100:.1f}%" if unit == "%" else f"{value:.2f}"
