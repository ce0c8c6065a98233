"""The folder of downloaded checkpoints: what is there, what is missing, and how it is checked."""

from __future__ import annotations

import os
import sys
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from export.catalogue import Entry
from export.checkpoint import Checkpoint
from export.checksum_lock import LOCK_NAME, ChecksumLock
from export.download import RemoteFile, download, remote_file
from export.errors import CheckpointError, ChecksumError, UnsupportedCheckpointError
from export.published import HUGGING_FACE, NGC

# Environment variables with the base addresses of mirrors; Hugging Face's own tools read the same one.
HUB_VARIABLE, NGC_VARIABLE = "HF_ENDPOINT", "TRITONE_NGC_URL"


@dataclass(frozen=True)
class Download:
    """A checkpoint that is to be downloaded."""

    entry: Entry
    url: str
    remote: RemoteFile
    kept_bytes: int  #: of an interrupted download

    @property
    def size_bytes(self) -> int | None:
        """As the host says, else about; None where nobody knows."""
        return self.remote.size_bytes if self.remote.size_bytes is not None else self.entry.size_bytes

    @property
    def missing_bytes(self) -> int:
        """What is left to transfer; 0 where the size is unknown."""
        return max(0, (self.size_bytes or 0) - self.kept_bytes)


@dataclass(frozen=True)
class Store:
    """The folder of downloaded checkpoints."""

    directory: Path  #: holds `<name>.nemo`; `<name>.nemo.part` while incomplete
    lock: ChecksumLock  #: checksums to compare with and to extend
    bases: Mapping[str, str] = field(default_factory=dict)  #: base addresses of mirrors, by host

    @classmethod
    def at(cls, directory: Path) -> Store:
        """A folder with its own lock file, filled from the hosts themselves."""
        return cls(directory, ChecksumLock(directory / LOCK_NAME, {}), mirrors())

    def path(self, name: str) -> Path:
        """Where a checkpoint is, once it is complete."""
        return self.directory / f"{name}.nemo"

    def plan(self, entry: Entry) -> Download | None:
        """Ask the host for size and checksum; None if the checkpoint is already there and intact.

        Raises:
            UnsupportedCheckpointError: the exporter would refuse it.
            ChecksumError: a file is there, but is another one.
            DownloadError: the host refuses, or cannot be reached.
        """
        if entry.published.refused:
            raise UnsupportedCheckpointError(
                f"{entry.name}: expected a checkpoint that can be exported, got one that is refused "
                f"({entry.published.refused}); `make fetch-checkpoints` lists the others."
            )
        if self.path(entry.name).exists():
            self._check(entry, self.path(entry.name), RemoteFile(None, None), "delete it and fetch again")
            return None
        url, part = entry.published.url(self.bases), self._part(entry.name)
        kept = part.stat().st_size if part.is_file() else 0
        return Download(entry, url, remote_file(url, entry.name), kept)

    def get(self, wanted: Download) -> Path:
        """Download a checkpoint, resuming an earlier attempt, and check it.

        Returns:
            The checkpoint's path.

        Raises:
            DownloadError: the host refuses, or too many attempts fail.
            DiskSpaceError: the file cannot be written.
            ChecksumError: the file is not the expected one.
            CheckpointError: it is not a complete NeMo archive, or of another class.
        """
        name = wanted.entry.name
        self.directory.mkdir(parents=True, exist_ok=True)
        part = self._part(name)
        download(wanted.url, part, label=name)
        try:
            self._check(wanted.entry, part, wanted.remote, "the download was discarded")
        except (ChecksumError, CheckpointError):
            part.unlink()  # resuming would only repeat the error
            raise
        os.replace(part, self.path(name))
        return self.path(name)

    def _part(self, name: str) -> Path:
        path = self.path(name)
        return path.with_name(f"{path.name}.part")

    def _check(self, entry: Entry, path: Path, remote: RemoteFile, remedy: str) -> None:
        name, size = entry.name, path.stat().st_size
        if not tarfile.is_tarfile(path):
            raise ChecksumError(
                f"{name}: expected a .nemo archive, got something else from "
                f"{entry.published.url(self.bases)}; look at the address in a browser; {remedy}."
            )
        if remote.size_bytes not in (None, size):
            raise ChecksumError(f"{name}: expected {remote.size_bytes} bytes, got {size}; {remedy}.")
        _require_complete(name, path, remedy)
        checkpoint = Checkpoint.open(path)
        for expected in (remote.sha256, self.lock.expected(name)):
            if expected is not None and checkpoint.sha256 != expected:
                raise ChecksumError(
                    f"{name}: expected SHA-256 {expected}, got {checkpoint.sha256}; {remedy}."
                )
        if checkpoint.class_name != entry.family.class_name:
            raise CheckpointError(
                f"{name}: expected the class {entry.family.class_name}, got {checkpoint.class_name}; "
                f"{remedy}."
            )
        if self.lock.expected(name) is None:
            self.lock.record(name, checkpoint.sha256, size)
            trust = "as its host announces it" if remote.sha256 else "trusted on first download"
            print(
                f"{name}: SHA-256 {checkpoint.sha256} recorded in {self.lock.path}, {trust}", file=sys.stderr
            )


def _require_complete(name: str, path: Path, remedy: str) -> None:
    """Read an archive to its end: one that was cut off has a beginning like that of a whole one."""
    try:
        with tarfile.open(path, "r:*") as archive:
            for _ in archive:
                pass
    except (tarfile.TarError, EOFError, OSError) as error:
        raise CheckpointError(f"{name}: the archive is not complete ({error}); {remedy}.") from error


def mirrors(ngc: str | None = None, hub: str | None = None) -> dict[str, str]:
    """Base addresses that replace those of the hosts, by host: as given, else from the environment."""
    ngc = ngc or os.environ.get(NGC_VARIABLE)
    hub = hub or os.environ.get(HUB_VARIABLE)
    return {host.name: base for host, base in ((NGC, ngc), (HUGGING_FACE, hub)) if base}
