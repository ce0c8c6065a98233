"""Download the published checkpoints by name: `python -m export.fetch [NAME...]`.

NVIDIA publishes no checksums for them, so the SHA-256 of the first download is written to a lock file. Every
later download and every existing file must match it. A checksum from another source can be pinned beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from export.download import download
from export.errors import ChecksumError, DownloadError
from export.families import families
from export.fingerprint import file_sha256

BASE_URL = "https://api.ngc.nvidia.com/v2/models"
LOCK_NAME = "checkpoints.lock.json"

# Paths below the base address, as NeMo 2.4.1's list_available_models() gives them.
PUBLISHED = {name: path for family in families() for name, path in family.published.items()}


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
        scratch = self.path.with_name(f".{self.path.name}.new")
        scratch.write_text(json.dumps(entries, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        os.replace(scratch, self.path)

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


def fetch(name: str, directory: Path, base_url: str, lock: ChecksumLock) -> Path:
    """Download one checkpoint into `directory`, resuming an earlier attempt.

    Args:
        name: one of PUBLISHED.
        directory: receives `<name>.nemo`; `<name>.nemo.part` while incomplete.
        base_url: address that published paths are relative to.
        lock: checksums to compare with and to extend.

    Returns:
        The checkpoint's path; its checksum is verified even if it already existed.

    Raises:
        DownloadError: the server refuses, or too many attempts fail.
        ChecksumError: the file is not the expected one, or not a NeMo archive.
    """
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / f"{name}.nemo"
    if target.exists():
        _check(name, target, lock, "delete it and fetch again")
        return target
    part = target.with_name(f"{target.name}.part")
    download(f"{base_url.rstrip('/')}/{PUBLISHED[name]}", part, label=name)
    try:
        if not tarfile.is_tarfile(part):
            raise ChecksumError(
                f"{name}: the server did not send a .nemo archive; look at the address in a browser."
            )
        _check(name, part, lock, "the download was discarded")
    except ChecksumError:
        part.unlink()  # resuming would only repeat the error
        raise
    os.replace(part, target)
    return target


def _check(name: str, path: Path, lock: ChecksumLock, remedy: str) -> None:
    measured, expected = file_sha256(path), lock.expected(name)
    if expected is not None and measured != expected:
        raise ChecksumError(f"{name}: expected SHA-256 {expected}, got {measured}; {remedy}.")
    if expected is None:
        lock.record(name, measured, path.stat().st_size)
        print(
            f"{name}: SHA-256 {measured} recorded in {lock.path}, trusted on first download", file=sys.stderr
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch checkpoints; 0 when all are complete, 1 when any failed, 2 for wrong usage."""
    parser = argparse.ArgumentParser(prog="python -m export.fetch", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(PUBLISHED)}")
    parser.add_argument("--directory", type=Path, default=Path("checkpoints"), help="default: %(default)s")
    parser.add_argument(
        "--base-url", default=BASE_URL, help="of a mirror with the same paths, default: %(default)s"
    )
    parser.add_argument("--lock", type=Path, help=f"default: {LOCK_NAME} in the directory")
    parser.add_argument("--sha256", action="append", default=[], metavar="NAME=SUM", help="require this sum")
    given = parser.parse_args(arguments)
    pinned = dict(pair.split("=", 1) for pair in given.sha256 if "=" in pair)
    unknown = [name for name in [*given.names, *pinned] if name not in PUBLISHED]
    if unknown or len(pinned) != len(given.sha256):
        expected = f"names among {', '.join(PUBLISHED)}, and sums as NAME=SUM"
        parser.error(f"expected {expected}; got {', '.join(unknown) or 'a sum without a name'}")
    lock = ChecksumLock(given.lock or given.directory / LOCK_NAME, pinned)
    failed = 0
    for name in given.names or PUBLISHED:
        try:
            print(fetch(name, given.directory, given.base_url, lock))
        except (DownloadError, ChecksumError, OSError) as error:
            print(error, file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
