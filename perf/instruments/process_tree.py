"""Memory and processor time of a process and all its descendants."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import psutil

MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """One reading, in bytes."""

    pss: int  # resident pages, each divided by the number of processes that map it
    rss: int  # resident pages, shared ones counted in every process

    def __add__(self, other: Memory) -> Memory:
        """Sum of two processes."""
        return Memory(self.pss + other.pss, self.rss + other.rss)


def parse_rollup(text: str) -> Memory:
    """Read the content of a /proc/PID/smaps_rollup."""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line.partition(" ")[0])
    pss, rss = (int(fields[name].split()[0]) * 1024 for name in ("Pss", "Rss"))
    return Memory(pss, rss)


def tree_memory(pid: int) -> Memory:
    """Return the memory of a process tree; a process that ends during the reading counts as zero."""
    total = Memory(0, 0)
    for process in _tree(pid):
        try:
            total += parse_rollup(Path(f"/proc/{process.pid}/smaps_rollup").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def tree_cpu_s(pid: int) -> float:
    """Return the processor time of a process and its living descendants in seconds; 0 if it has ended."""
    total_s = 0.0
    for process in _tree(pid):
        try:
            times = process.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        total_s += times.user + times.system
    return total_s


def _tree(pid: int) -> Iterator[psutil.Process]:
    try:
        root = psutil.Process(pid)
        yield from [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return


class PeakMemory:
    """Samples a process tree while a block runs.

    Args:
        pid: the tree's root.
        period_s: between readings; a shorter peak can be missed.
    """

    def __init__(self, pid: int, period_s: float = 0.25) -> None:
        self._pid = pid
        self._period_s = period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.pss = 0  # highest so far, bytes
        self.rss = 0

    def read(self) -> Memory:
        """Take one reading now."""
        now = tree_memory(self._pid)
        self.pss, self.rss = max(self.pss, now.pss), max(self.rss, now.rss)
        return now

    def __enter__(self) -> PeakMemory:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(self._period_s):
            self.read()


def theil_sen(readings: Sequence[int]) -> float:
    """Return the median slope between all pairs of readings, per step: robust against single jumps."""
    values = np.asarray(readings, float)
    first, second = np.triu_indices(values.size, k=1)
    return float(np.median((values[second] - values[first]) / (second - first)))
