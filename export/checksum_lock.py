"""The checksums of downloaded checkpoints, kept beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from export.errors import ChecksumError
from export.whole_file import write_whole

LOCK_NAME = "checkpoints.lock.json"


@dataclass(frozen=True)
class ChecksumLock:
    """Expected checksums by name."""

    path: Path  #: JSON file: {name: {"sha256": ..., "bytes": ...}}
    pinned: dict[str, str]  #: name to SHA-256, from the command line; takes precedence over the file

    def expected(self, name: str) -> str | None:
        """The SHA-256 that a checkpoint must have, None before its first download."""
        if name in self.pinned:
            return self.pinned[name].lower()
        entry = self._entries().get(name)
        return None if entry is None else str(entry["sha256"]).lower()

    def record(self, name: str, sha256: str, size: int) -> None:
        """Record a download; the file is replaced atomically."""
        entries = self._entries()
        entries[name] = {"sha256": sha256, "bytes": size}
        write_whole(self.path, (json.dumps(entries, indent=2, sort_keys=True) + "\n").encode())

    def _entries(self) -> dict[str, dict[str, object]]:
        if not self.path.exists():
            return {}
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
            if all(isinstance(entry["sha256"], str) for entry in entries.values()):
                return dict(entries)
        except (ValueError, AttributeError, KeyError, TypeError):
            pass
        raise ChecksumError(
            f'lock: expected {self.path} to hold JSON {{name: {{"sha256": ...}}}}; correct or delete it.'
        )
