"""The regions in /dev/shm through which a server and its model processes exchange tensors.

A crashed server leaves them there. Their names identify the launcher that they belong to, so that those of
dead launchers can be removed without touching the regions of other servers on the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from itertools import count
from pathlib import Path

from .procfs import PROC, stat_fields

FLAG = "shm-region-prefix-name"
_FOLDER = Path("/dev/shm")
_NAME = "tritone"
_numbers = count()


def new_prefix() -> str:
    """Return the prefix tritone_NAMESPACE_PID_START_NUMBER_ for another server of this process."""
    return f"{_NAME}_{_namespace()}_{os.getpid()}_{_started(os.getpid())}_{next(_numbers)}_"


def prefix_flags(prefix: str, backends: Iterable[str], extra: Iterable[str]) -> list[str]:
    """Return the tritonserver flags that set the prefix; none if `extra` already sets one.

    Args:
        prefix: of the regions.
        backends: the Python backend and the backends written in Python.
        extra: the operator's flags.
    """
    if any(FLAG in flag for flag in extra):
        return []
    return [f"--backend-config={backend},{FLAG}={prefix}" for backend in backends]


def remove_regions(prefix: str, folder: Path = _FOLDER) -> None:
    """Remove the regions of a server that has ended."""
    for region in folder.glob(f"{prefix}*"):
        with suppress(OSError):
            region.unlink()


def remove_orphans(folder: Path = _FOLDER) -> None:
    """Remove the regions of dead launchers in this process namespace.

    Process ids of another namespace, as in a container that shares /dev/shm, cannot be looked up; their
    regions are kept.
    """
    namespace = _namespace()
    for region in folder.glob(f"{_NAME}_*"):
        parts = region.name.split("_")
        if len(parts) < 6 or parts[1] != namespace or not parts[2].isdecimal():
            continue
        if _started(int(parts[2])) != parts[3]:
            with suppress(OSError):
                region.unlink()


def _namespace() -> str:
    return str((PROC / "self/ns/pid").stat().st_ino)


def _started(pid: int) -> str:
    """Return when a process was started, in clock ticks since boot; empty if there is no such process."""
    try:
        return stat_fields(pid)[19]
    except OSError:
        return ""
