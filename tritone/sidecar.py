"""Read sidecars: JSON files with the properties of a checkpoint, written by the exporter."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .errors import ArtifactError


def read_sidecar(path: Path, *names: str) -> list[Any]:
    """Return the named fields.

    Raises:
        ArtifactError: the file or a field is missing.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ArtifactError(
            f"{path}: expected the exporter's file, found none; run `make export`."
        ) from error
    except ValueError as error:
        raise ArtifactError(f"{path}: expected JSON, got {error}; export the checkpoint again.") from error
    missing = [name for name in names if name not in fields]
    if missing:
        raise ArtifactError(f"{path}: expected the fields {', '.join(missing)}; export the checkpoint again.")
    return [fields[name] for name in names]
