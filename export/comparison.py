"""How a family's graph is timed against NeMo's own network: by perf.bench, on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray


@dataclass(frozen=True)
class Work:
    """What both sides compute."""

    inputs: Mapping[str, NDArray[Any]]  # by name of the graph's inputs, as many rows as the largest batch
    frames: int  # of mel that a row makes, or is made of
    described: str


@dataclass(frozen=True)
class Comparison:
    """One graph, and how it is measured."""

    model: str  # of the repository
    outputs: tuple[str, str]  # what is asked for: the result and the length of every row
    batch_sizes: tuple[int, ...]  # the first one has the target
    at_least: float  # times as fast as NeMo
    sizes: Sequence[str]  # of checkpoints that say something about it: demo, full
    amount: int  # of work, in units of the family
    work: Callable[[Path, int], Work]  # of a model repository and an amount
    nemo: Callable[[Any, dict[str, Any]], Callable[[int], int]]
    """Of the NeMo model and the inputs: what runs its network on some rows, and gives the frames of one."""
