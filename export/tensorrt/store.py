"""Where engines lie: beside the graph they were made of, and in a cache that outlives a release."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from export.errors import InstallError
from export.tensorrt.record import Device, EngineRecord, sha256_of
from export.whole_file import write_whole
from tritone.repository.file_names import PLAN, PLAN_RECORD

KEPT = 4  # plans of one model in the cache; the oldest beyond go


@dataclass(frozen=True)
class Found:
    """An engine that need not be made."""

    plan: Path
    record: EngineRecord


class Store:
    """The cache folder: plans by model and key, and what TensorRT has learnt about kernels' speed."""

    def __init__(self, root: Path):
        self.root = root

    def require_writable(self) -> None:
        """See that engines can be kept, before any is made.

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

    def find(self, model: str, key: str) -> Found | None:
        """The engine of this key, if its plan is whole."""
        return whole(self._plan(model, key), key)

    def keep(self, plan: bytes, record: EngineRecord) -> Found:
        """Put an engine into the cache.

        Raises:
            InstallError: it cannot be written.
        """
        path = self._plan(record.model, record.key)
        try:
            write_whole(path, plan)
            record.write(record_path(path))
            self._prune(record.model)
        except OSError as error:
            raise InstallError(f"cache: {self.root} could not be written ({error}).") from error
        return Found(path, record)

    def timing(self, device: Device) -> Path:
        """The timing cache of a GPU and version."""
        gpu = "".join(letter if letter.isalnum() else "_" for letter in device.gpu)
        return self.root / f"timing-{device.tensorrt}-{gpu}-{device.compute_capability}.cache"

    def _plan(self, model: str, key: str) -> Path:
        return self.root / f"{model}-{key[:20]}.plan"

    def _prune(self, model: str) -> None:
        plans = sorted(self.root.glob(f"{model}-*.plan"), key=lambda path: path.stat().st_mtime)
        for path in plans[:-KEPT]:
            path.unlink()
            record_path(path).unlink(missing_ok=True)


def record_path(plan: Path) -> Path:
    """Where a plan's record lies."""
    return plan.with_name(f"{plan.name}.json")


def whole(plan: Path, key: str | None = None) -> Found | None:
    """A plan with its record, if they belong together and the key is the wanted one."""
    record = EngineRecord.read(record_path(plan))
    if record is None or (key is not None and record.key != key) or not plan.is_file():
        return None
    return Found(plan, record) if sha256_of(plan) == record.plan_sha256 else None


def installed(folder: Path, key: str | None = None) -> Found | None:
    """The engine that lies in a version folder."""
    return whole(folder / PLAN, key)


def install(found: Found, folder: Path) -> None:
    """Put an engine into a version folder: both files are copied, then the plan and its record are renamed.

    Raises:
        InstallError: the folder cannot be written; the engine before it is still there.
    """
    drafts = [folder / f".{name}.new" for name in (PLAN, PLAN_RECORD)]
    try:
        shutil.copyfile(found.plan, drafts[0])
        found.record.write(drafts[1])
        for draft, name in zip(drafts, (PLAN, PLAN_RECORD), strict=True):
            os.replace(draft, folder / name)
    except OSError as error:
        for draft in drafts:
            draft.unlink(missing_ok=True)
        raise InstallError(f"repository: {folder} could not be written ({error}).") from error


def remove(folder: Path) -> None:
    """Take an engine out of a version folder."""
    for name in (PLAN, PLAN_RECORD):
        (folder / name).unlink(missing_ok=True)
