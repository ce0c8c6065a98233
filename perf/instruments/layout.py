"""Which models are served, and which pipeline or model sends requests to each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perf.instruments.errors import UsageError
from tritone import contract
from tritone.repository.configs import ModelFolder, read_repositories
from tritone.server.options import REPOSITORIES

MAIN = ("speech_to_text", "text_to_speech")  # measured with the most loads
PIPELINES = tuple(pipeline.name for pipeline in contract.PIPELINES)


def base_pipeline(model: str) -> str | None:
    """Return the public pipeline that a model is, as itself, its canary or that of a set; None for others."""
    return next((name for name in PIPELINES if model == name or model.startswith(f"{name}_")), None)


@dataclass(frozen=True)
class Layout:
    """The models that are served, read from their configs."""

    models: Mapping[str, ModelFolder]

    @classmethod
    def read(cls, repository: Path) -> Layout:
        """Read a model repository and the pipelines over it, without streams: no single requests."""
        folders = read_repositories([repository, *REPOSITORIES[1:]])
        main = (folder for folder in folders if folder.config_path.name == "config.pbtxt")
        return cls({folder.name: folder for folder in main if not contract.is_stream(folder.name)})

    @property
    def pipelines(self) -> list[str]:
        """Names of the pipelines, the main ones first."""
        order = dict.fromkeys((*MAIN, *PIPELINES, *self.models))
        return [name for name in order if name in self.models and self.steps(name)]

    @property
    def known(self) -> list[str]:
        """Every model that requests can be made for: the pipelines, then their parts in order."""
        parts = (part for name in self.pipelines for part in self.parts(name))
        return list(dict.fromkeys((*self.pipelines, *parts)))

    def require_known(self, model: str) -> None:
        """Raise UsageError for a model that requests cannot be made for."""
        if model not in self.known:
            known = ", ".join(self.known)
            raise UsageError(f"--models: expected some of {known}, got {model}; correct the name.")

    def steps(self, pipeline: str) -> list[Any]:
        """Return the ensemble steps of a pipeline; none for any other model."""
        return list(self.models[pipeline].config.ensemble_scheduling.step)

    def parts(self, pipeline: str) -> Iterator[str]:
        """Yield the steps of a pipeline, each followed by the models that it calls."""
        for step in self.steps(pipeline):
            if step.model_name in self.models:
                yield step.model_name
                partners = self.models[step.model_name].parameters.partners.values()
                yield from (name for name in partners if name in self.models)

    def draws_noise(self, model: str) -> bool:
        """Whether a pipeline or a model synthesises from noise, so that a seed has an effect."""
        partners = self.models[model].parameters.partners.values()
        reached = [name for name in (*self.parts(model), *partners) if name in self.models]
        return any({"dropout", "z"} & self.models[name].inputs.keys() for name in reached)

    def home(self, model: str) -> tuple[str, int] | None:
        """Return the pipeline in which a model comes earliest, and its step number; None if it is no step."""
        found = [
            (index, order, name)
            for order, name in enumerate(self.pipelines)
            for index, step in enumerate(self.steps(name))
            if step.model_name == model
        ]
        return (min(found)[2], min(found)[0]) if found else None

    def caller(self, model: str) -> str | None:
        """Return the model that calls a model, None if there is none."""
        return next((name for name, folder in self.models.items() if model in folder.calls), None)

    def producer(self, pipeline: str, tensor: str) -> tuple[str, str] | None:
        """Return the step that outputs a tensor of a pipeline, and its name for it; None for an input."""
        for step in self.steps(pipeline):
            for name, target in step.output_map.items():
                if target == tensor:
                    return step.model_name, name
        return None
