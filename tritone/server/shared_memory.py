"""The regions in /dev/shm through which a server and its model processes exchange tensors.

A server that crashes leaves them there. Their names tell which launcher they belong to, so that those of dead
launchers can be removed without touching the ones of other servers on the machine.
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
    """Return the prefix tritone_NAMESPACE_PID_START_NUMBER_ for one more server of this process."""
    return f"{_NAME}_{_namespace()}_{os.getpid()}_{_started(os.getpid())}_{next(_numbers)}_"


def prefix_flags(prefix: str, backends: Iterable[str], extra: Iterable[str]) -> list[str]:
    """Return the tritonserver flags that name the regions, none where `extra` names them already.

    Args:
        prefix: of the regions.
        backends: the Python backend, and those that are written in Python.
        extra: flags that the operator gave.
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
    """Remove the regions of launchers that have died, as far as this process can tell.

    Process ids of another namespace, as in a container that shares /dev/shm, cannot be looked up from here;
    their regions stay.
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
    """Return when a process was started, in clock ticks since the boot; empty where there is none."""
    try:
        return stat_fields(pid)[19]
    except OSError:
        return ""
