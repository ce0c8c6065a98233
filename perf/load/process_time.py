"""How much processor time a tree of processes has used."""

from __future__ import annotations

import psutil


def tree_cpu_s(pid: int) -> float:
    """Return the seconds that a process and its living descendants have computed; 0 where there is none."""
    total_s = 0.0
    try:
        root = psutil.Process(pid)
        members = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return total_s
    for member in members:
        try:
            times = member.cpu_times()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        total_s += times.user + times.system
    return total_s
