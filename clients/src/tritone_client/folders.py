"""List a folder: files with given suffixes, and for every other entry why it is skipped."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Entry:
    """A folder entry."""

    path: Path
    problem: str = ""  #: why it is not used; empty for matching files
    is_failure: bool = False  #: whether it would match, but cannot be read


def scan(folder: Path, suffixes: Collection[str], recursive: bool) -> Iterator[Entry]:
    """Yield the entries of a folder except hidden ones, sorted by path.

    Args:
        folder: the folder.
        suffixes: of matching files, in lower case.
        recursive: whether to descend into subfolders; links to folders are not followed.

    Raises:
        OSError: the folder itself cannot be read.
    """
    for path in sorted(folder.iterdir()):
        if not path.name.startswith("."):
            yield from _entries(path, suffixes, recursive)


def _entries(path: Path, suffixes: Collection[str], recursive: bool) -> Iterator[Entry]:
    if path.is_dir():
        if not recursive:
            return
        if path.is_symlink():
            yield Entry(path, "skipped: a link to a folder")
            return
        try:
            yield from scan(path, suffixes, recursive)
        except OSError as error:
            yield Entry(path, error.strerror or str(error), is_failure=True)
    elif path.suffix.lower() not in suffixes:
        yield Entry(path, f"skipped: unknown suffix {path.suffix}" if path.suffix else "skipped: no suffix")
    elif path.is_file():
        yield Entry(path)
    else:
        yield Entry(path, _why_no_file(path), is_failure=True)


def _why_no_file(path: Path) -> str:
    try:
        path.stat()
    except FileNotFoundError:
        return f"dangling link: {os.readlink(path)} does not exist" if path.is_symlink() else "no such file"
    except OSError as error:
        return error.strerror or str(error)
    return "not a regular file"
