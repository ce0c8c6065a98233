"""Which files of a tree go to a node, how they are copied, and the release id derived from its commit."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Sequence
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
    "gateway",
    "model_repository",
    "ensembles",
    "export",
    "docker",
    "tools",
    "requirements",
)
FILES = ("Makefile", "pyproject.toml", "README.md", "LICENSE", ".dockerignore")
# An engine runs only on the GPU model that it was built for, so each node builds its own.
EXCLUDED = ("__pycache__", "*.pyc", "*.egg-info", ".*_cache", ".venv*", "*.plan", "*.plan.json", "*.part")
_NEEDED = (
    "tritone/server",
    "model_repository",
    "ensembles",
    "requirements/gateway.txt",
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


def copy_command(
    host: str, ssh: Sequence[str], source: Path, target: str, unchanged_in: str | None
) -> list[str]:
    """Return the rsync command that copies a tree; see Node.copy.

    Files are compared by content, because a fresh checkout of the same commit has new modification times.
    Times are not preserved, so that every identical file becomes a hard link.
    """
    return [
        *["rsync", "--recursive", "--links", "--perms", "--chmod=D755,Fu+rw,Fgo+r", "--checksum", "--delete"],
        *["--delete-excluded", "--protect-args", "--stats", "--timeout=120"],
        *([f"--link-dest={unchanged_in}"] if unchanged_in else []),
        f"--rsh={shlex.join(ssh)}",
        *copy_rules(),
        f"{source}/",
        f"{host}:{target}/",
    ]


def transfer_summary(statistics: str) -> str:
    """Summarise the output of rsync's --stats: files and megabytes sent."""

    def number(pattern: str) -> int:
        found = re.search(rf"^{pattern}([\d,]+)", statistics, re.MULTILINE)
        if found is None:
            raise LookupError(pattern)
        return int(found[1].replace(",", ""))

    try:
        sent, total = number("Number of regular files transferred: "), number("Number of files: .*?reg: ")
        return f"{sent} of {total} files sent, {number('Literal data: ') / 1e6:.1f} MB"
    except LookupError:
        return "copied"


def require_tree(source: Path) -> None:
    """Raise UsageError when a folder is not a tree that can be deployed."""
    for name in _NEEDED:
        if not (source / name).exists():
            raise UsageError(
                f"--source: expected a checkout of this project with {name}, got {source}; choose another."
            )


def tree_size(source: Path) -> int:
    """Return the most bytes that copying a tree can send."""
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
    """Return the commit of a checkout, with -dirty when a file to copy has uncommitted changes."""
    try:
        commit = _git(source, "rev-parse", "--short=10", "HEAD").strip()
        changes = _git(source, "status", "--porcelain", "--", *FOLDERS, *FILES)
    except (OSError, subprocess.CalledProcessError):
        return "unversioned"
    return f"{commit}-dirty" if changes.strip() else commit


def release_id(commit: str, now: datetime | None = None) -> str:
    """Return the id of a release created now; ids sort by time."""
    moment = now or datetime.now(timezone.utc)
    return f"{moment:%Y%m%d-%H%M%S}-{commit}"


def _git(source: Path, *arguments: str) -> str:
    command = ["git", "-C", str(source), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _is_excluded(name: str) -> bool:
    return any(fnmatch(name, pattern) for pattern in EXCLUDED)
