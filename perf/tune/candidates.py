"""The settings that are compared with the committed ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from perf.instruments.layout import MAIN, Layout
from perf.tune.settings import Setting, TuneError
from tritone.server.options import REPOSITORIES

_LAYOUT = Layout.read(REPOSITORIES[0])
# That find speech: a small part of the work, which needs no search.
_SHARED = {name for folder in _LAYOUT.models.values() for name in folder.shared}
# The models with graphs, by the pipeline that contains them.
PIPELINES: Mapping[str, tuple[str, ...]] = {
    pipeline: tuple(
        name
        for name in _LAYOUT.parts(pipeline)
        if _LAYOUT.models[name].config.backend != "python" and name not in _SHARED
    )
    for pipeline in MAIN
}
MODELS = tuple(model for models in PIPELINES.values() for model in models)


@dataclass(frozen=True)
class Candidate:
    """Settings of some models; the others keep the committed ones."""

    name: str
    settings: Mapping[str, Setting]  # by model
    pipelines: tuple[str, ...]  # that are measured, several at the same time


def pipeline_of(model: str) -> str:
    """Return the pipeline that contains a model.

    Raises:
        TuneError: there is no such model.
    """
    for pipeline, models in PIPELINES.items():
        if model in models:
            return pipeline
    raise TuneError(f"model: expected some of {', '.join(MODELS)}, got {model!r}; correct the name.")


def uniform(
    models: Sequence[str], settings: Iterable[Setting], committed: Mapping[str, Setting]
) -> list[Candidate]:
    """Return candidates with equal settings for all models of a pipeline that has several."""
    found = []
    for pipeline, members in PIPELINES.items():
        chosen = [model for model in members if model in models]
        for setting in settings if len(chosen) > 1 else ():
            if any(committed[model] != setting for model in chosen):
                found.append(Candidate(f"all of {pipeline}", dict.fromkeys(chosen, setting), (pipeline,)))
    return found


def single(
    models: Sequence[str], settings: Iterable[Setting], committed: Mapping[str, Setting]
) -> list[Candidate]:
    """Return candidates that each change one model."""
    return [
        Candidate(model, {model: setting}, (pipeline_of(model),))
        for model in models
        for setting in settings
        if committed[model] != setting
    ]
