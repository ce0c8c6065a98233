"""What of a tree goes to a node, and what the release of it is called."""

from __future__ import annotations

import os
import re
import subprocess
from datetime import datetime, timezone
from fnmatch import fnmatch
from pathlib import Path

from deploy.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent

# Only what a node runs or builds from: never .git, environments, caches, recordings or training data.
FOLDERS = (
    "tritone",
    "backends",
    "clients",
    "model_repository",
    "ensembles",
    "export",
    "docker",
    "tools",
    "requirements",
)
FILES = ("Makefile", "pyproject.toml", "README.md", "LICENSE", ".dockerignore")
# Engines belong to the GPU that they were built on: the node builds its own.
EXCLUDED = ("__pycache__", "*.pyc", "*.egg-info", ".*_cache", ".venv*", "*.plan", "*.plan.json", "*.part")
_NEEDED = (
    "tritone/server",
    "model_repository",
    "ensembles",
    "requirements/node.txt",
    "requirements/triton.txt",
)


def copy_rules() -> list[str]:
    """Return rsync's filter options for a tree."""
    return [
        *(f"--exclude={pattern}" for pattern in EXCLUDED),
        *(f"--include=/{folder}/***" for folder in FOLDERS),
        *(f"--include=/{name}" for name in FILES),
        "--exclude=*",
    ]


def require_tree(source: Path) -> None:
    """Raise UsageError when a folder is not a tree that can be deployed."""
    for name in _NEEDED:
        if not (source / name).exists():
            raise UsageError(
                f"--source: expected a checkout of this project with {name}, got {source}; name another."
            )


def tree_size(source: Path) -> int:
    """Return how many bytes of a tree are copied at most."""
    total = 0
    for folder in FOLDERS:
        for path, folders, names in os.walk(source / folder):
            folders[:] = [name for name in folders if not _is_excluded(name)]
            total += sum((Path(path) / name).lstat().st_size for name in names if not _is_excluded(name))
    return total


def tree_version(source: Path) -> str:
    """Return the library's version from pyproject.toml."""
    found = re.search(r'^version = "([^"]+)"', (source / "pyproject.toml").read_text(encoding="utf-8"), re.M)
    return found[1] if found else "unknown"


def tree_commit(source: Path) -> str:
    """Return the commit of a checkout, with -dirty when what is copied has uncommitted changes."""
    try:
        commit = _git(source, "rev-parse", "--short=10", "HEAD").strip()
        changes = _git(source, "status", "--porcelain", "--", *FOLDERS, *FILES)
    except (OSError, subprocess.CalledProcessError):
        return "unversioned"
    return f"{commit}-dirty" if changes.strip() else commit


def release_id(commit: str, now: datetime | None = None) -> str:
    """Return the name of a release made now; names sort by time."""
    moment = now or datetime.now(timezone.utc)
    return f"{moment:%Y%m%d-%H%M%S}-{commit}"


def _git(source: Path, *arguments: str) -> str:
    command = ["git", "-C", str(source), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _is_excluded(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in EXCLUDED)
