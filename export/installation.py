"""Installing exported files into a Triton model repository, all of them or none."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from export.errors import InstallError
from tritone.repository.file_names import GRAPH, PLAN, PLAN_RECORD, weights_file

ENGINE_FILES = (PLAN, PLAN_RECORD)  # of export.tensorrt; must be the graph's
GRAPH_SUFFIX = ".onnx"
MODULE_NAME = "model.py"  # a Python model's hand-written code, beside the exported files


class Stage:
    """A scratch folder laid out like the repository, filled and verified before anything is installed."""

    def __init__(self, root: Path):
        self.root = root

    def path(self, model: str, file: str) -> Path:
        """Where a file of a model is to be written."""
        folder = self.root / model
        folder.mkdir(parents=True, exist_ok=True)
        return folder / file

    def rename(self, named: Callable[[str], str]) -> None:
        """Give every model's folder another name."""
        for folder in [folder for folder in self.root.iterdir() if folder.is_dir()]:
            folder.rename(folder.with_name(named(folder.name)))

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

    An engine of a replaced graph is removed, and its data file if the new graph has none. Every file is first
    copied beside its destination, then all are renamed. If anything fails, renamed files are restored, so a
    server never sees half of an export.

    Args:
        stage: verified files.
        repository: the folder that tritonserver is given.
        version: version folder, 1 or above.
        obsolete: files by model that an earlier export may have left and this one does not write.

    Returns:
        The files installed.

    Raises:
        InstallError: the repository cannot be written; it is as it was before.
    """
    if version < 1:
        raise InstallError(f"version: expected 1 or above, got {version}.")
    sources: dict[Path, Path] = {}
    for model, files in stage.files().items():
        folder = repository / model / str(version)
        sources |= {folder / file.name: file for file in files}
        code = _code_for(repository / model, version)
        if code is not None:
            sources[folder / MODULE_NAME] = code
    removed = {
        repository / model / str(version) / name
        for model, names in (obsolete or {}).items()
        for name in names
    }
    removed |= {target.with_name(name) for target in sources if target.name == GRAPH for name in ENGINE_FILES}
    removed |= {weights_file(path) for path in (*sources, *removed) if path.suffix == GRAPH_SUFFIX}
    created = {target.parent for target in sources if not target.parent.exists()}
    touched: list[Path] = []
    try:
        for target, source in sources.items():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, _beside(target, "new"))
        for target in [*sources, *sorted(removed - set(sources))]:
            if target.exists():
                os.replace(target, _beside(target, "old"))
            touched.append(target)
            if target in sources:
                os.replace(_beside(target, "new"), target)
    except BaseException as error:  # an interrupt, too, must not leave half of an export
        _take_back(touched, sources, created)
        if isinstance(error, OSError):
            raise InstallError(
                f"repository: {repository} could not be written ({error}); nothing was changed."
            ) from error
        raise
    for target in touched:
        _beside(target, "old").unlink(missing_ok=True)
    return list(sources)


def other_versions(repository: Path, models: Iterable[str], version: int) -> list[int]:
    """All other versions that a repository has of any of the models, ascending."""
    folders = [
        folder for model in models for folder in (repository / model).glob("[0-9]*") if folder.is_dir()
    ]
    return sorted({int(folder.name) for folder in folders if folder.name.isdigit()} - {version})


def _take_back(touched: Sequence[Path], targets: Iterable[Path], created: Iterable[Path]) -> None:
    """Put the old files back, and remove copies and folders that were made."""
    for target in reversed(touched):
        with suppress(OSError):
            target.unlink(missing_ok=True)
            if _beside(target, "old").exists():
                os.replace(_beside(target, "old"), target)
    for target in targets:
        with suppress(OSError):
            _beside(target, "new").unlink(missing_ok=True)
    for folder in created:
        with suppress(OSError):
            folder.rmdir()


def newest_code(model: Path) -> Path | None:
    """The newest model.py of a model; None for one that has no code."""
    codes = [path for path in model.glob(f"[0-9]*/{MODULE_NAME}") if path.parent.name.isdigit()]
    return max(codes, key=lambda path: int(path.parent.name), default=None)


def _code_for(model: Path, version: int) -> Path | None:
    """The newest model.py of a Python model, for a version folder that has none yet."""
    return None if (model / str(version) / MODULE_NAME).exists() else newest_code(model)


def _beside(target: Path, state: str) -> Path:
    return target.with_name(f".{target.name}.{state}")
