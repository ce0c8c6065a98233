"""Copies of a model repository with changed configs; all other files are symbolic links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from google.protobuf import text_format

from perf.tune.settings import TuneError
from tritone.repository.configs import read_config
from tritone.server.options import config_variants

Change = Callable[[Any], None]  # changes a ModelConfig in place


def require_variant(repository: Path, variant: str | None) -> None:
    """Check that some model has a config variant: Triton would silently serve config.pbtxt instead.

    Raises:
        TuneError: no model has it.
    """
    known = config_variants([repository])
    if variant is not None and variant not in known:
        raise TuneError(
            f"--model-config-name: expected one of {', '.join(known) or 'none'} in {repository}, got "
            f"{variant}; correct the name."
        )


def varied_copy(
    repository: Path, target: Path, changes: Mapping[str, Change], variant: str | None = None
) -> Path:
    """Create `target` as a copy of the repository with some configs changed.

    Args:
        repository: is not modified.
        target: a folder that does not exist yet.
        changes: by model.
        variant: start from configs/<variant>.pbtxt for models that have it.

    Returns:
        `target`. Its configs are new files, everything else is a symbolic link into `repository`.

    Raises:
        TuneError: a model to change does not exist.
        ArtifactError: a config is not valid.
    """
    models = {path.name: path for path in sorted(repository.iterdir()) if (path / "config.pbtxt").is_file()}
    missing = sorted(set(changes) - set(models))
    if missing:
        raise TuneError(
            f"{repository}: expected models {', '.join(sorted(changes))}, found no {', '.join(missing)}; "
            "name others, or another repository."
        )
    for name, folder in models.items():
        copy = target / name
        copy.mkdir(parents=True)
        chosen = folder / f"configs/{variant}.pbtxt"
        config = read_config(chosen if variant and chosen.is_file() else folder / "config.pbtxt")
        changes.get(name, _keep)(config)
        (copy / "config.pbtxt").write_text(text_format.MessageToString(config), encoding="utf-8")
        for item in folder.iterdir():
            if item.name not in ("config.pbtxt", "configs"):
                (copy / item.name).symlink_to(item.resolve())
    return target


def _keep(config: Any) -> None:
    pass
