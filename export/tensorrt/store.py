"""Engines on disk: beside the graph that they were built from, and in a cache that outlives a release."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from export.errors import InstallError
from export.tensorrt.record import Device, EngineRecord
from export.whole_file import write_whole
from tritone.repository.checksums import file_sha256
from tritone.repository.file_names import PLAN, PLAN_RECORD

KEPT = 4  # plans of one model in the cache; older ones are deleted


@dataclass(frozen=True)
class StoredEngine:
    """An engine that exists."""

    plan: Path
    record: EngineRecord


@dataclass(frozen=True)
class Store:
    """The cache folder: plans by model and key, and the kernel times that TensorRT has measured."""

    root: Path

    def require_writable(self) -> None:
        """Check that engines can be kept, before any is built.

        Raises:
            InstallError: names the folder.
        """
        probe = self.root / ".probe"
        try:
            write_whole(probe, b"")
            probe.unlink()
        except OSError as error:
            raise InstallError(
                f"cache: {self.root} cannot be written ({error}); give another --cache."
            ) from error

    def find(self, model: str, key: str) -> StoredEngine | None:
        """The engine of this key, if its plan is complete."""
        return stored(self._plan(model, key), key)

    def keep(self, plan: bytes, record: EngineRecord) -> StoredEngine:
        """Put an engine into the cache, and delete the model's oldest ones.

        Raises:
            InstallError: it cannot be written.
        """
        path = self._plan(record.model, record.key)
        try:
            write_whole(path, plan)
            record.write(record_path(path))
            plans = sorted(self.root.glob(f"{record.model}-*.plan"), key=lambda path: path.stat().st_mtime)
            for old in plans[:-KEPT]:
                old.unlink()
                record_path(old).unlink(missing_ok=True)
        except OSError as error:
            raise InstallError(f"cache: {self.root} could not be written ({error}).") from error
        return StoredEngine(path, record)

    def timing(self, device: Device) -> Path:
        """The timing cache of a GPU and TensorRT version."""
        gpu = "".join(letter if letter.isalnum() else "_" for letter in device.gpu)
        return self.root / f"timing-{device.tensorrt}-{gpu}-{device.compute_capability}.cache"

    def _plan(self, model: str, key: str) -> Path:
        return self.root / f"{model}-{key[:20]}.plan"


def record_path(plan: Path) -> Path:
    """The path of a plan's record."""
    return plan.with_name(f"{plan.name}.json")


def stored(plan: Path, key: str | None = None) -> StoredEngine | None:
    """A plan with its record, if they belong together and have the key."""
    record = EngineRecord.read(record_path(plan))
    if record is None or (key is not None and record.key != key) or not plan.is_file():
        return None
    return StoredEngine(plan, record) if file_sha256(plan) == record.plan_sha256 else None


def installed(folder: Path, key: str | None = None) -> StoredEngine | None:
    """The engine in a version folder."""
    return stored(folder / PLAN, key)


def install(engine: StoredEngine, folder: Path) -> None:
    """Put an engine into a version folder: both files are copied, then the plan and its record are renamed.

    Raises:
        InstallError: the folder cannot be written; the previous engine is still there.
    """
    drafts = [folder / f".{name}.new" for name in (PLAN, PLAN_RECORD)]
    try:
        shutil.copyfile(engine.plan, drafts[0])
        engine.record.write(drafts[1])
        for draft, name in zip(drafts, (PLAN, PLAN_RECORD), strict=True):
            os.replace(draft, folder / name)
    except OSError as error:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        raise InstallError(f"repository: {folder} could not be written ({error}).") from error


def remove(folder: Path) -> None:
    """Remove an engine from a version folder."""
    for name in (PLAN, PLAN_RECORD):
        (folder / name).unlink(missing_ok=True)
