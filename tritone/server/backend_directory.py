"""Lay out the backend directory that tritonserver is started with."""

from __future__ import annotations

import shutil
from pathlib import Path

from .installation import Installation

OWN_BACKENDS = Path(__file__).resolve().parents[2] / "backends"


def build_backend_directory(installation: Installation, target: Path) -> Path:
    """Copy the server's Python backend, the stub for this Python and tritone's own backends into `target`.

    It is a few megabytes and made anew for every server, so it never goes stale. Triton refuses links that
    lead out of the backend directory.

    Args:
        installation: the server to be started.
        target: an empty or missing folder.

    Returns:
        The folder to pass as --backend-directory: `target`, or the server's own where that has everything.
    """
    stub = installation.stub()
    if installation.has_native_onnxruntime:
        return installation.backends
    shutil.copytree(installation.backends, target, dirs_exist_ok=True)
    if stub is not None:
        shutil.copy2(stub, target / "python")
    for backend in OWN_BACKENDS.iterdir():
        if (backend / "model.py").is_file():
            shutil.copytree(
                backend,
                target / backend.name,
                ignore=shutil.ignore_patterns("__pycache__"),
                dirs_exist_ok=True,
            )
    return target
