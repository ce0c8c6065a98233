"""Named sets: models and pipelines beside the bundled ones, under names that end in the set's.

A set is found by its names and by the links of its configs, so one with a missing part can be removed too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..contract import PUBLIC, public_name
from ..errors import ArtifactError
from .configs import ModelFolder, read_repositories
from .versions.groups import CANARY, read_inventory


@dataclass(frozen=True)
class NamedSet:
    """The models and pipelines of one name."""

    name: str
    pipelines: Sequence[ModelFolder]  # canaries among them
    models: Sequence[ModelFolder]  # callers before the models that they call

    @property
    def folders(self) -> list[Path]:
        """All folders; pipelines, then callers, then what they call."""
        return [folder.path for folder in (*self.pipelines, *self.models)]


class Sets:
    """The sets in some repositories.

    Raises:
        ArtifactError: a config is missing or not valid.
    """

    def __init__(self, repositories: Sequence[Path]) -> None:
        self._repositories = repositories
        self._models: dict[str, list[ModelFolder]] = {}
        for folder in read_repositories(repositories):
            self._models.setdefault(folder.name, []).append(folder)
        self._links = {name: set().union(*map(_links, folders)) for name, folders in self._models.items()}
        self._bundled = self._reached(PUBLIC)

    @property
    def names(self) -> list[str]:
        """The names of all sets that have a pipeline."""
        return sorted({name for name in map(_set_of, self._models) if name})

    def find(self, name: str) -> NamedSet:
        """Return the set of a name.

        Raises:
            ArtifactError: there is none; or a model outside the set names one of it.
        """
        suffix = f"_{name}"
        of_name = {model for model in self._models if model.removesuffix(CANARY).endswith(suffix)}
        pipelines = {model for model in of_name if _set_of(model) == name}
        others = of_name - self._bundled  # a bundled model may end in the name too, asr_windows for example
        members = {model for model in others if model.removesuffix(suffix) in self._bundled} | pipelines
        while more := {model for model in others - members if self._is_linked(model, members)}:
            members |= more
        if not members:
            raise ArtifactError(self._no_set(name))
        users = {
            model: sorted(self._links[model] & members)
            for model in sorted(self._models.keys() - members)
            if self._links[model] & members
        }
        if users:
            uses = "; ".join(f"{model} uses {', '.join(used)}" for model, used in users.items())
            raise ArtifactError(f"{name}: expected no other model or pipeline that uses it, but {uses}.")
        first = {model: self._models[model][0] for model in sorted(members)}
        return NamedSet(
            name,
            [folder for model, folder in first.items() if model in pipelines],
            sorted(
                (folder for model, folder in first.items() if model not in pipelines),
                key=lambda folder: not folder.calls,
            ),
        )

    def _is_linked(self, model: str, members: set[str]) -> bool:
        """Whether a model and one of the members name each other, in either direction."""
        return bool(self._links[model] & members) or any(model in self._links[member] for member in members)

    def _reached(self, names: Sequence[str]) -> set[str]:
        """Return models, and all that they name, directly or indirectly."""
        reached: set[str] = set()
        waiting = [name for name in names if name in self._links]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self._links[name] & self._models.keys()
        return reached

    def _no_set(self, name: str) -> str:
        bundled = self._bundled | read_inventory(self._repositories).groups.keys()
        known = ", ".join(self.names)
        expected = f"one of {known}" if known else "a set beside the bundled models, of which there is none"
        reason = ", which is bundled; it can be replaced, but not removed" if name in bundled else ""
        return f"name: expected {expected}, got {name!r}{reason}."


def _set_of(model: str) -> str | None:
    """Return the name of the set of a public model, None for another model."""
    split = public_name(model.removesuffix(CANARY))
    return split and split[1]


def _links(folder: ModelFolder) -> set[str]:
    """Return the names of the models that a config names."""
    steps = {step.model_name for step in folder.config.ensemble_scheduling.step}
    return steps | folder.versions_with | ({folder.next} if folder.next else set())
