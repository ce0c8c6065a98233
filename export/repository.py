"""Installing exported files into a Triton model repository, all of them or none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from export.errors import InstallError

MODULE_NAME = (
    "model.py"  # a Python model's code: written by hand, lies in the version folder beside the exported files
)


class Stage:
    """A scratch folder laid out like the repository, filled and verified before anything is installed."""

    def __init__(self, root: Path):
        self.root = root

    def path(self, model: str, file: str) -> Path:
        """Where a file of a model is to be written."""
        folder = self.root / model
        folder.mkdir(parents=True, exist_ok=True)
        return folder / file

    def write_json(self, model: str, file: str, content: Mapping[str, Any]) -> None:
        """Write a sidecar, readable and with a stable order of keys as given."""
        text = json.dumps(content, ensure_ascii=False, indent=2)
        self.path(model, file).write_text(text + "\n", encoding="utf-8")

    def files(self) -> dict[str, list[Path]]:
        """The staged files by model."""
        return {
            folder.name: sorted(file for file in folder.iterdir() if file.is_file())
            for folder in sorted(self.root.iterdir())
            if folder.is_dir()
        }


def install(
    stage: Stage, repository: Path, version: int, obsolete: Mapping[str, Iterable[str]] | None = None
) -> list[Path]:
    """Put the staged files into `repository/<model>/<version>/`.

    Every file is first copied beside its destination, then all are renamed. If anything fails, what has been
    renamed is taken back, so a server never meets half of an export.

    Args:
        stage: verified files.
        repository: the folder that tritonserver is given.
        version: version folder, 1 or above.
        obsolete: files by model that an earlier export may have left and this one does not have.

    Returns:
        The files installed.

    Raises:
        InstallError: the repository cannot be written; it is as it was before.
    """
    if version < 1:
        raise InstallError(f"version: expected 1 or above, got {version}.")
    sources = {
        repository / model / str(version) / file.name: file
        for model, files in stage.files().items()
        for file in files
    }
    removed = [
        repository / model / str(version) / name
        for model, names in (obsolete or {}).items()
        for name in names
        if repository / model / str(version) / name not in sources
    ]
    for model in stage.files():
        code = _code_for(repository / model, version)
        if code is not None:
            sources[repository / model / str(version) / MODULE_NAME] = code
    created = [folder for folder in {target.parent for target in sources} if not folder.exists()]
    replaced: list[Path] = []
    try:
        for target, source in sources.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, _beside(target, "new"))
        for target in [*sources, *removed]:
            if target.exists():
                os.replace(target, _beside(target, "old"))
            replaced.append(target)
            if target in sources:
                os.replace(_beside(target, "new"), target)
    except OSError as error:
        for target in reversed(replaced):
            with suppress(OSError):
                target.unlink(missing_ok=True)
                if _beside(target, "old").exists():
                    os.replace(_beside(target, "old"), target)
        for target in sources:
            with suppress(OSError):
                _beside(target, "new").unlink(missing_ok=True)
        for folder in created:
            with suppress(OSError):
                folder.rmdir()
        raise InstallError(
            f"repository: {repository} could not be written ({error}); nothing was changed."
        ) from error
    for target in replaced:
        _beside(target, "old").unlink(missing_ok=True)
    return list(sources)


def _code_for(model: Path, version: int) -> Path | None:
    """The newest model.py of a Python model, for a version folder that has none yet."""
    if (model / str(version) / MODULE_NAME).exists() or not model.is_dir():
        return None
    versions = [
        folder for folder in model.iterdir() if folder.name.isdigit() and (folder / MODULE_NAME).is_file()
    ]
    return max(versions, key=lambda folder: int(folder.name)) / MODULE_NAME if versions else None


def _beside(target: Path, state: str) -> Path:
    return target.with_name(f".{target.name}.{state}")
