"""How perf.bench times a family's graph against NeMo's own network, on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Work:
    """The input of both sides."""

    inputs: Mapping[str, NDArray[Any]]  # by the graph's input names, as many rows as the largest batch
    amount: int  # per row, counted in the unit
    described: str
    unit: str = "frames"  # of mel, in or out, which both sides must return; else a unit of the input


@dataclass(frozen=True)
class Comparison:
    """One graph, and how it is timed."""

    model: str  # of the repository
    outputs: tuple[str, str]  # requested: the result and the length of every row
    batch_sizes: tuple[int, ...]  # the target applies to the first
    at_least: float  # target: times as fast as NeMo
    sizes: Sequence[str]  # of checkpoints that it applies to: demo, full
    amount: int  # of work, in the family's units
    work: Callable[[Path, int], Work]  # of a model repository and an amount
    nemo: Callable[[Any, dict[str, Any]], Callable[[int], int]]
    """Takes the NeMo model and the inputs; returns a function that runs the network on a number of rows and
    returns the frames of one row."""
