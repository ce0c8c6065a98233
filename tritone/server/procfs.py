"""What Linux tells of a process."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold anything: state, parent, group, ...

    Raises:
        OSError: no such process, or it has just ended.
    """
    status = (PROC / str(pid) / "stat").read_text(errors="replace")
    return status.rpartition(")")[2].split()
