"""Results of a benchmark: table rows, remarks and raw figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Target:
    """A bound that a figure should meet."""

    bound: float
    at_least: bool  # a lower bound; else an upper one

    def met_by(self, figure: float) -> bool:
        """Whether the figure meets it."""
        return figure >= self.bound if self.at_least else figure <= self.bound


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    subject: str  # what was measured
    measured: str  # absolute figure with unit
    against: str  # absolute figure that it is compared with, measured in the same run
    figure: float  # the ratio or share
    unit: str = "times"  # of the figure: "times" or "%"
    target: Target | None = None


@dataclass(frozen=True)
class Result:
    """Result of one benchmark."""

    name: str
    rows: Sequence[Row]
    remarks: Sequence[str] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)  # for --json
