"""A file of JSON lines that only grows, and is followed by another one when it is large."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class AuditFile:
    """Appends lines; several processes may share the file, and other programs may rename it at any time.

    Args:
        path: of the current file; older ones are PATH.1 (the newest) to PATH.N.
        largest_bytes: at which the next file is begun; 0: never.
        kept: how many older files are kept.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, path: Path, largest_bytes: int, kept: int) -> None:
        self._path, self._largest_bytes, self._kept = path, largest_bytes, kept
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self._opened()

    def append(self, lines: list[bytes]) -> None:
        """Write lines, whole, after what is there."""
        self._follow_renaming()
        if self._largest_bytes and os.fstat(self._file).st_size >= self._largest_bytes:
            self._rotate()
        content = memoryview(b"".join(lines))
        while content:
            content = content[os.write(self._file, content) :]

    def sync(self) -> None:
        """Force what was written to the disk."""
        os.fsync(self._file)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _follow_renaming(self) -> None:
        if not self._is_current():
            os.close(self._file)
            self._file = self._opened()

    def _is_current(self) -> bool:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(found, os.fstat(self._file))

    def _rotate(self) -> None:
        with self._locked():
            if self._is_current():  # no other process has just done it
                self.sync()
                for number in range(self._kept - 1, 0, -1):
                    if self._older(number).exists():
                        self._older(number).replace(self._older(number + 1))
                self._path.replace(self._older(1))
        self._follow_renaming()

    def _older(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
