"""Read the arguments of `initialize`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..model_parameters import Parameters

__all__ = ["Parameters", "own_version", "version_folder"]


def version_folder(args: Mapping[str, str]) -> Path:
    """Return the folder with the artifacts of this version."""
    return Path(args["model_repository"]) / args["model_version"]


def own_version(args: Mapping[str, str]) -> int:
    """Return the version that is being loaded; the model calls others in the same version."""
    return int(args["model_version"])
