"""How much memory a tree of processes holds, pages that they share counted once."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import psutil

MIB = 1024 * 1024


@dataclass(frozen=True)
class Memory:
    """One reading, in bytes."""

    pss: int  # resident pages, each divided by the number of processes that map it
    rss: int  # resident pages, shared ones counted in every process

    def __add__(self, other: Memory) -> Memory:
        """Both together."""
        return Memory(self.pss + other.pss, self.rss + other.rss)


def parse_rollup(text: str) -> Memory:
    """Read the content of a /proc/PID/smaps_rollup."""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line.partition(" ")[0])
    pss, rss = (int(fields[name].split()[0]) * 1024 for name in ("Pss", "Rss"))
    return Memory(pss, rss)


def tree_memory(pid: int) -> Memory:
    """Return what a process and all its descendants hold together; one that ends meanwhile counts nothing."""
    total = Memory(0, 0)
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return total
    for member in members:
        try:
            total += parse_rollup(Path(f"/proc/{member.pid}/smaps_rollup").read_text())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


class PeakMemory:
    """Watches a process tree while a block runs.

    Args:
        pid: the tree's root.
        period_s: between readings; a peak shorter than that can be missed.
    """

    def __init__(self, pid: int, period_s: float = 0.25) -> None:
        self._pid = pid
        self._period_s = period_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
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

    def _watch(self) -> None:
        while not self._stop.wait(self._period_s):
            self.read()
