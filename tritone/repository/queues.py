"""Check that every pipeline rejects overload at its front, and nowhere after it.

A request that cannot be served soon must be rejected before any work is done for it: by the first model of a
pipeline that calls other models, or by an earlier step. All later models accept whatever is admitted there.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ..contract import is_stream
from ..model_parameters import TOKENIZER
from .configs import ModelFolder

_BOUNDS = ("requests_in_flight", "queue_requests", "queue_timeout_s")


def check_queues(folders: Sequence[ModelFolder]) -> list[str]:
    """Return the findings over all models and config variants, one line each."""
    models = {folder.name: folder for folder in folders if folder.config_path.name == "config.pbtxt"}
    calls = {name: _called(model) for name, model in models.items()}
    pipelines = {
        name: [step.model_name for step in model.config.ensemble_scheduling.step if step.model_name in models]
        for name, model in models.items()
        if model.config.platform == "ensemble"
    }
    # A public model that is no ensemble is its own front; a sequence batcher has a number of places.
    pipelines |= {
        name: [name]
        for name, model in models.items()
        if is_stream(name) and calls[name] and not model.config.HasField("sequence_batching")
    }
    after_front = _after_front(pipelines.values(), calls)
    findings = [
        f"{os.path.relpath(folder.config_path)}: {finding}"
        for folder in folders
        for finding in _check_config(folder, folder.name in after_front)
    ]
    for name, steps in pipelines.items():
        for index, step in enumerate(steps):
            if calls[step]:
                before = [models[earlier] for earlier in steps[:index]]
                findings += [
                    f"{name}: {line}" for line in _check_worker(models[step], before, step in after_front)
                ]
    return findings


def _called(model: ModelFolder) -> set[str]:
    """Return the models that get only what this one has admitted.

    A tokenizer is not one of them: it takes a text before any work is done for it, and is a front itself.
    """
    return {name for key, name in model.parameters.partners.items() if key != TOKENIZER}


def _check_config(folder: ModelFolder, is_after_front: bool) -> Iterator[str]:
    batching = folder.config.dynamic_batching
    if batching.HasField("default_queue_policy") or batching.priority_queue_policy:
        yield (
            "dynamic_batching: expected no queue policy, got one; with it Triton delays some requests by "
            "half a second. Bound the model's own queue with queue_requests and queue_timeout_s instead"
        )
    given = [name for name in _BOUNDS[1:] if name in folder.config.parameters]
    if is_after_front and given:
        yield (
            f"{', '.join(given)}: expected none after the front of a pipeline; a full queue there would "
            "reject requests that are partly processed"
        )
    missing = [name for name in _BOUNDS if name not in folder.config.parameters]
    if given and missing:
        yield f"{', '.join(missing)}: expected together with {', '.join(given)}, found none"


def _check_worker(model: ModelFolder, before: Sequence[ModelFolder], is_after_front: bool) -> Iterator[str]:
    """Check a step that calls other models, and the steps before it."""
    if not any(_is_bounded(step) for step in [*before, model]):
        yield (
            f"{model.name}: expected queue_requests and queue_timeout_s, here or in an earlier step; without "
            "them overload only increases the latency"
        )
    if is_after_front and not any(step.next == model.name for step in before):
        yield (
            f"{model.name}: expected an earlier step with back-pressure (parameter next_model), found none; "
            "its queue has no limit"
        )


def _is_bounded(model: ModelFolder) -> bool:
    return all(name in model.config.parameters for name in _BOUNDS)


def _after_front(pipelines: Iterable[Sequence[str]], calls: Mapping[str, set[str]]) -> set[str]:
    """Return the names of the models that get only admitted requests."""
    after_front = {name for called in calls.values() for name in called}
    for steps in pipelines:
        worker = next((index for index, name in enumerate(steps) if calls[name]), len(steps))
        after_front.update(steps[worker + 1 :])
    return after_front
