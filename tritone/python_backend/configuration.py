"""Read the arguments of `initialize`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..contract import STOPPING_VARIABLE
from ..model_parameters import Parameters

__all__ = ["Parameters", "own_version", "stopping_file", "version_folder"]


def version_folder(args: Mapping[str, str]) -> Path:
    """Return the folder with the artifacts of this version."""
    return Path(args["model_repository"]) / args["model_version"]


def own_version(args: Mapping[str, str]) -> int:
    """Return the version that is being loaded; the model calls others in the same version."""
    return int(args["model_version"])


def stopping_file() -> Path | None:
    """Return the file that exists once the server is to stop, None without a launcher that makes one."""
    path = os.environ.get(STOPPING_VARIABLE)
    return Path(path) if path else None
