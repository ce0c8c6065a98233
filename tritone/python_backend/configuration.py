"""Read what Triton hands to `initialize`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..model_parameters import Parameters

__all__ = ["Parameters", "own_version", "version_folder"]


def version_folder(args: Mapping[str, str]) -> Path:
    """Return the folder that holds this version's artifacts."""
    return Path(args["model_repository"]) / args["model_version"]


def own_version(args: Mapping[str, str]) -> int:
    """Return the version that is being loaded, which is also that of the models it calls."""
    return int(args["model_version"])
