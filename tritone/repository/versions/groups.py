"""Models that must be served in the same versions, and the pipelines that use them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

from ...contract import is_stream
from ...errors import ArtifactError
from ..configs import ModelFolder, read_repositories

CANARY = "_canary"  # suffix of a pipeline's copy that uses the version on trial


@dataclass(frozen=True)
class VersionGroup:
    """The models exported from one checkpoint, or from the two of a voice.

    Their configs name each other: a model calls its partners in its own version. At least one is a network.
    """

    name: str  # common words of the model names: asr, punctuation, tts; asr_de of a set with that suffix
    configs: Mapping[str, Sequence[ModelFolder]]  # by model: config.pbtxt, then its variants

    @property
    def models(self) -> list[str]:
        """Model names; callers come after the models that they call."""
        return sorted(self.configs, key=lambda name: (bool(self.configs[name][0].calls), name))

    @property
    def versions(self) -> list[int]:
        """Versions that at least one model has a folder for, ascending."""
        return sorted(
            {int(version.name) for folders in self.configs.values() for version in folders[0].versions}
        )

    @property
    def served(self) -> list[int]:
        """Versions that the configs of all models have Triton serve, ascending."""
        return sorted(
            set.intersection(
                *(set(served_versions(config)) for folders in self.configs.values() for config in folders)
            )
        )

    def without(self, version: int) -> list[str]:
        """Return the models that have no folder for a version."""
        return [model for model in self.models if not (self._path(model) / str(version)).is_dir()]

    def checkpoints(self, version: int) -> dict[str, dict[str, str]]:
        """Return the checkpoints of a version: by NeMo class, the archive's name by its SHA-256."""
        found: dict[str, dict[str, str]] = {}
        for model in self.models:
            for path in sorted((self._path(model) / str(version)).glob("*.json")):
                sidecar = _read_json(path)
                if "checkpoint_sha256" in sidecar:
                    archives = found.setdefault(sidecar["model_class"], {})
                    archives[sidecar["checkpoint_sha256"]] = sidecar["checkpoint"]
        return found

    def _path(self, model: str) -> Path:
        return self.configs[model][0].path


@dataclass(frozen=True)
class Inventory:
    """All version groups and pipelines of a server's repositories."""

    groups: Mapping[str, VersionGroup]
    pipelines: Mapping[str, ModelFolder]  # public pipelines, without canaries
    canaries: Mapping[str, ModelFolder]  # by their own names
    streams: Mapping[str, Sequence[ModelFolder]] = field(default_factory=dict)
    """Public models that are no ensembles, with their variants; they serve the version with the traffic."""

    @property
    def everything(self) -> dict[str, ModelFolder]:
        """Pipelines and canaries by name."""
        return {**self.pipelines, **self.canaries}

    def group(self, name: str) -> VersionGroup:
        """Return a group; raise ArtifactError if there is none of that name."""
        if name not in self.groups:
            raise ArtifactError(f"group: expected one of {', '.join(self.groups)}, got {name!r}.")
        return self.groups[name]

    def group_of(self, model: str) -> VersionGroup | None:
        """Return the group of a model, None for a model without a checkpoint."""
        return next((group for group in self.groups.values() if model in group.configs), None)

    def pins(self, pipeline: ModelFolder) -> dict[str, set[int]]:
        """Return the versions that a pipeline uses, by group."""
        pins: dict[str, set[int]] = {}
        for step in pipeline.config.ensemble_scheduling.step:
            group = self.group_of(step.model_name)
            if group is not None:
                pins.setdefault(group.name, set()).add(step.model_version)
        return pins

    def streams_of(self, group: VersionGroup) -> dict[str, Sequence[ModelFolder]]:
        """Return the public models that call models of a group in their own version."""
        return {
            name: folders
            for name, folders in self.streams.items()
            if folders[0].versions_with & group.configs.keys()
        }

    def traffic(self, group: VersionGroup) -> set[int]:
        """Return the versions that the public pipelines use; a valid configuration has one."""
        return self._used(group, self.pipelines)

    def on_trial(self, group: VersionGroup) -> set[int]:
        """Return the versions that the canary pipelines use: one, or none without canaries."""
        return self._used(group, self.canaries)

    def _used(self, group: VersionGroup, pipelines: Mapping[str, ModelFolder]) -> set[int]:
        return set().union(*(self.pins(pipeline).get(group.name, ()) for pipeline in pipelines.values()))


def read_inventory(repositories: Sequence[Path]) -> Inventory:
    """Read the configs of all repositories.

    Raises:
        ArtifactError: a config is missing or not valid.
    """
    configs: dict[str, list[ModelFolder]] = {}
    for folder in read_repositories(repositories):
        configs.setdefault(folder.name, []).append(folder)
    ensembles = {
        name: folders[0] for name, folders in configs.items() if folders[0].config.platform == "ensemble"
    }
    streams = {name: folders for name, folders in configs.items() if is_stream(name)}
    parts = {
        name: folders for name, folders in configs.items() if name not in ensembles and name not in streams
    }
    groups = {name: VersionGroup(name, models) for name, models in _named(list(_grouped(parts)))}
    return Inventory(
        groups,
        {name: folder for name, folder in ensembles.items() if not name.endswith(CANARY)},
        {name: folder for name, folder in ensembles.items() if name.endswith(CANARY)},
        streams,
    )


Models = Mapping[str, Sequence[ModelFolder]]


def _grouped(configs: Models) -> Iterator[Models]:
    """Yield the models of each group: those that name each other, directly or indirectly."""
    groups = {name: {name} for name in configs}
    for name, folders in configs.items():
        for partner in set().union(*(folder.versions_with for folder in folders)) & configs.keys():
            merged = groups[name] | groups[partner]
            groups.update(dict.fromkeys(merged, merged))
    shared = {name for folders in configs.values() for folder in folders for name in folder.shared}
    for members in dict.fromkeys(map(frozenset, groups.values())):
        if any(configs[name][0].config.backend != "python" for name in members - shared):
            yield {name: configs[name] for name in sorted(members)}


def _named(groups: Sequence[Models]) -> Iterator[tuple[str, Models]]:
    """Yield groups with their names; groups with the same common words are named after a calling model."""
    names = [_common_words(models) for models in groups]
    shared = Counter(names)
    for name, models in zip(names, groups, strict=True):
        callers = [model for model, folders in models.items() if folders[0].calls]
        yield (name if name and shared[name] == 1 else [*callers, *models][0]), models


def _common_words(names: Iterable[str]) -> str:
    """Return the first words that names share, and the last: asr, or asr_de of a set of that suffix."""
    words = [name.split("_") for name in names]
    first = _equal(zip(*words, strict=False))
    rest = [reversed(name[len(first) :]) for name in words]
    return "_".join([*first, *reversed(_equal(zip(*rest, strict=False)))])


def _equal(columns: Iterable[tuple[str, ...]]) -> list[str]:
    return [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]


def served_versions(folder: ModelFolder) -> list[int]:
    """Return the versions that Triton serves with one config."""
    policy = folder.config.version_policy
    kind = policy.WhichOneof("policy_choice")
    if kind == "specific":
        return sorted(policy.specific.versions)
    versions = [int(version.name) for version in folder.versions]
    return versions if kind == "all" else versions[-max(1, policy.latest.num_versions) :]


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ArtifactError(f"{path}: expected JSON, got {error}; export the checkpoint again.") from error
    return content if isinstance(content, dict) else {}
