"""Overload is met at the front of every pipeline, and nowhere behind it.

What cannot be served soon is refused before anything was done for it: by the first model of a pipeline that
has requests of other models at work, or by one before it. All models behind hold whatever is let in.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .configs import ModelFolder

_BOUNDS = ("requests_in_flight", "queue_requests", "queue_timeout_s")


def check_queues(folders: Sequence[ModelFolder]) -> list[str]:
    """Return what is wrong, one line per finding, over all models and the variants of their configs."""
    models = {folder.name: folder for folder in folders if folder.config_path.name == "config.pbtxt"}
    calls = {name: model.calls for name, model in models.items()}
    pipelines = {
        name: [step.model_name for step in model.config.ensemble_scheduling.step if step.model_name in models]
        for name, model in models.items()
        if model.config.platform == "ensemble"
    }
    behind = _behind(pipelines.values(), calls)
    findings = [
        f"{os.path.relpath(folder.config_path)}: {finding}"
        for folder in folders
        for finding in _check_config(folder, folder.name in behind)
    ]
    for name, steps in pipelines.items():
        for index, step in enumerate(steps):
            if calls[step]:
                before = [models[earlier] for earlier in steps[:index]]
                findings += [
                    f"{name}: {line}" for line in _check_worker(models[step], before, step in behind)
                ]
    return findings


def _check_config(folder: ModelFolder, is_behind: bool) -> Iterator[str]:
    batching = folder.config.dynamic_batching
    if batching.HasField("default_queue_policy") or batching.priority_queue_policy:
        yield (
            "dynamic_batching: expected no queue policy, got one; with it Triton lets a request wait for "
            "half a second now and then. Bound the model's own queue with queue_requests and queue_timeout_s"
        )
    given = [name for name in _BOUNDS[1:] if name in folder.config.parameters]
    if is_behind and given:
        yield (
            f"{', '.join(given)}: expected none behind the front of a pipeline; a full queue there would end "
            "requests that are half done"
        )
    missing = [name for name in _BOUNDS if name not in folder.config.parameters]
    if given and missing:
        yield f"{', '.join(missing)}: expected together with {', '.join(given)}, found none"


def _check_worker(model: ModelFolder, before: Sequence[ModelFolder], is_behind: bool) -> Iterator[str]:
    """Check a step that calls other models, and those before it."""
    if not any(_is_bounded(step) for step in [*before, model]):
        yield (
            f"{model.name}: expected queue_requests and queue_timeout_s, here or at a step before; without "
            "them overload is only felt as a latency that grows"
        )
    if is_behind and not any(step.next == model.name for step in before):
        yield (
            f"{model.name}: expected a step before it that waits for it (parameter next_model), found none; "
            "its queue has no limit"
        )


def _is_bounded(model: ModelFolder) -> bool:
    return all(name in model.config.parameters for name in _BOUNDS)


def _behind(pipelines: Iterable[Sequence[str]], calls: Mapping[str, set[str]]) -> set[str]:
    """Names of the models that only see what work was done for."""
    behind = {name for called in calls.values() for name in called}
    for steps in pipelines:
        worker = next((index for index, name in enumerate(steps) if calls[name]), len(steps))
        behind.update(steps[worker + 1 :])
    return behind
