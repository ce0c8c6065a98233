"""Read process information from /proc."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")


def stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may be any text: state, parent, group, ...

    Raises:
        OSError: there is no such process.
    """
    status = (PROC / str(pid) / "stat").read_text(errors="replace")
    return status.rpartition(")")[2].split()
