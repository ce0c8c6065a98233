"""The three steps to a new version: serve it too, move the traffic, drop the old one.

Each step is a set of config edits, and of models that a running server must load, wait for or unload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import ArtifactError
from ..configs import ModelFolder
from .edits import Edits, canary_config, with_pins, with_policy
from .groups import CANARY, Inventory, VersionGroup


@dataclass(frozen=True)
class Change:
    """One step: what to write, and what a running server then does, in this order."""

    edits: Edits
    unload: Sequence[str] = ()  # removed canary pipelines
    load: Sequence[str] = ()  # models and pipelines whose configs have changed
    gone: Mapping[str, int] = field(default_factory=dict)  # removed versions by model; wait for each in turn


def serve(found: Inventory, name: str, version: int) -> Change:
    """Serve another version too, and let canary pipelines use it.

    Raises:
        ArtifactError: it already gets the traffic, or a model of the group has no such version.
    """
    group = found.group(name)
    if version in found.traffic(group):
        raise ArtifactError(
            f"{name} version {version}: expected a version other than the one that gets the traffic."
        )
    models = [*group.models, *found.streams_of(group)]
    missing = [*group.without(version), *_streams_without(found, group, version)]
    if missing:
        raise ArtifactError(
            f"{name} version {version}: expected a folder {version}/ in each of {', '.join(models)}; "
            f"found none in {', '.join(missing)}; export the whole checkpoint with VERSION={version}."
        )
    texts = _policies(group, {*group.served, version})
    canaries = {}
    for pipeline in found.pipelines.values():
        if name in found.pins(pipeline):
            pins = {**_pins(found, pipeline), **_pins(found, found.canaries.get(pipeline.name + CANARY))}
            canaries[pipeline.name + CANARY] = pipeline, {**pins, name: version}
    for canary, (pipeline, pins) in canaries.items():
        texts |= _canary(found, canary, pipeline, pins)
    return Change(Edits(texts), load=[*group.models, *canaries])


def move(found: Inventory, name: str, version: int) -> Change:
    """Let the public pipelines use a served version.

    Raises:
        ArtifactError: it is not served.
    """
    group = found.group(name)
    if version not in group.served:
        raise ArtifactError(
            f"{name} version {version}: expected one that is served, of {group.served}; serve it first."
        )
    texts: dict[Path, str | None] = {}
    moved = [pipeline for pipeline in found.pipelines.values() if name in found.pins(pipeline)]
    for pipeline in moved:
        texts[pipeline.config_path] = with_pins(_text(pipeline), dict.fromkeys(group.models, version))
    streams = found.streams_of(group)
    for folders in streams.values():
        texts |= _with_policies(folders, {version})
    return Change(Edits(texts), load=[*(pipeline.name for pipeline in moved), *streams])


def drop(found: Inventory, name: str, version: int) -> Change:
    """Stop serving a version, but keep its files. Remove canaries without a version on trial.

    Raises:
        ArtifactError: it gets the traffic, or is not served.
    """
    group = found.group(name)
    traffic = found.traffic(group)
    if version in traffic or version not in group.served:
        state = "it gets the traffic; move that first" if version in traffic else "it is not served"
        raise ArtifactError(
            f"{name} version {version}: expected one of {sorted(set(group.served) - traffic)}; {state}."
        )
    texts: dict[Path, str | None] = {}
    unload, load = [], []
    for canary, folder in found.canaries.items():
        pins, pipeline = _pins(found, folder), found.pipelines[canary.removesuffix(CANARY)]
        before = dict(pins)
        if pins.get(name) == version:
            pins[name] = min(traffic)
        if pins == _pins(found, pipeline):
            texts |= {path: None for path in _canary(found, canary, pipeline, pins)}
            unload.append(canary)
        elif pins != before:
            texts |= _canary(found, canary, pipeline, pins)
            load.append(canary)
    texts |= _policies(group, set(group.served) - {version})
    # Callers first: they finish their running requests with the models that they call.
    models = list(reversed(group.models))
    return Change(Edits(texts), unload, [*load, *models], dict.fromkeys(models, version))


def _policies(group: VersionGroup, versions: set[int]) -> dict[Path, str | None]:
    texts: dict[Path, str | None] = {}
    for folders in group.configs.values():
        texts |= _with_policies(folders, versions)
    return texts


def _with_policies(folders: Sequence[ModelFolder], versions: set[int]) -> dict[Path, str | None]:
    """Return the configs of one model, which then serves these versions."""
    # Variants set aside because an engine is missing must be correct when they are restored.
    aside = folders[0].path.glob("configs/*.unused")
    paths = [*(config.config_path for config in folders), *aside]
    return {path: with_policy(path.read_text(encoding="utf-8"), versions) for path in paths}


def _streams_without(found: Inventory, group: VersionGroup, version: int) -> list[str]:
    streams = found.streams_of(group).items()
    return [name for name, folders in streams if not (folders[0].path / str(version)).is_dir()]


def _pins(found: Inventory, pipeline: ModelFolder | None) -> dict[str, int]:
    """Return the version of each group in a valid pipeline."""
    return {} if pipeline is None else {name: min(pins) for name, pins in found.pins(pipeline).items()}


def _canary(
    found: Inventory, canary: str, pipeline: ModelFolder, pins: Mapping[str, int]
) -> dict[Path, str | None]:
    folder = pipeline.path.with_name(canary)
    versions = {model: pin for name, pin in pins.items() for model in found.groups[name].models}
    text = canary_config(with_pins(_text(pipeline), versions), pipeline.name)
    return {folder / "1/.gitkeep": "", folder / "config.pbtxt": text}


def _text(folder: ModelFolder) -> str:
    return folder.config_path.read_text(encoding="utf-8")
