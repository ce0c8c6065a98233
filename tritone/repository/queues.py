"""Overload is met at the front of every pipeline, and nowhere behind it.

A pipeline's steps up to the first model that calls others are its front: their queues are bounded in length
and time, so that a request that cannot be served soon is turned away before anything was done for it. All
models behind must hold whatever the front lets in: there is no limit, or one that is never reached.
"""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from .configs import ModelFolder
from .model_code import called_models, first_arguments

IN_FLIGHT = "_in_flight"  # ends the name of a parameter that bounds what is at work at a time


def check_queues(folders: Sequence[ModelFolder]) -> list[str]:
    """Return what is wrong, one line per finding, over all models and the variants of their configs."""
    models = {folder.name: folder for folder in folders if folder.config_path.name == "config.pbtxt"}
    calls = {name: _called(model) for name, model in models.items()}
    pipelines = {
        name: [step.model_name for step in model.config.ensemble_scheduling.step if step.model_name in models]
        for name, model in models.items()
        if model.config.platform == "ensemble"
    }
    fronts, behind = _sides(pipelines.values(), calls)
    findings: list[str] = []
    for folder in folders:
        found: Iterable[str] = ()
        if folder.name in behind:
            callers = [models[name] for name in calls if folder.name in calls[name]]
            found = _check_inner(folder, callers)
        elif folder.name in fronts:
            found = _check_front(folder)
        findings += [f"{os.path.relpath(folder.config_path)}: {finding}" for finding in found]
    for name, steps in pipelines.items():
        for index, step in enumerate(steps):
            waiting = [earlier for earlier in steps[:index] if step in _handed_on_to(models[earlier])]
            if step in behind and calls[step] and not waiting:
                findings.append(
                    f"{name}: {step}: expected a step before it that waits for it (hand_on_to), found none; "
                    "its queue has no limit"
                )
    return findings


def _sides(pipelines: Iterable[Sequence[str]], calls: Mapping[str, set[str]]) -> tuple[set[str], set[str]]:
    """Tell the models that all requests pass first from those that only see what work was done for."""
    fronts: set[str] = set()
    behind = {name for called in calls.values() for name in called}
    for steps in pipelines:
        first_worker = next((index for index, name in enumerate(steps) if calls[name]), len(steps))
        fronts.update(steps[: first_worker + 1])
        behind.update(steps[first_worker + 1 :])
    return fronts - behind, behind


def _check_front(folder: ModelFolder) -> Iterator[str]:
    batching = folder.config.dynamic_batching
    policy = batching.default_queue_policy
    if not policy.max_queue_size or not policy.default_timeout_microseconds:
        yield (
            "dynamic_batching: expected a default_queue_policy with max_queue_size and "
            "default_timeout_microseconds at the front of a pipeline, got none; overload would only be "
            "felt as a latency that grows"
        )
    if policy.timeout_action != type(policy).REJECT:
        yield "dynamic_batching: expected timeout_action REJECT, got DELAY; old requests would go on waiting"
    if (sizes := list(batching.preferred_batch_size)) != [1]:
        yield (
            f"dynamic_batching: expected preferred_batch_size [ 1 ], got {sizes}; requests that the model "
            "holds as a batch are in no queue"
        )


def _check_inner(folder: ModelFolder, callers: Sequence[ModelFolder]) -> Iterator[str]:
    policy = folder.config.dynamic_batching.default_queue_policy
    if policy.default_timeout_microseconds or policy.allow_timeout_override:
        yield (
            "dynamic_batching: expected no timeout behind the front of a pipeline, got one; it would end "
            "requests that are half done"
        )
    most = sum(at_work(caller) for caller in callers)
    if policy.max_queue_size and (not callers or policy.max_queue_size < most):
        names = " and ".join(caller.name for caller in callers)
        room = f"none, or {most} and more, which is what {names} can have at work" if callers else "none"
        yield (
            f"dynamic_batching: max_queue_size: expected {room}, got {policy.max_queue_size}; "
            "a full queue would end requests that are half done"
        )


def at_work(model: ModelFolder) -> int:
    """Return how many requests to other models one instance can have at work: the product of its limits."""
    limits = [
        int(value.string_value) for name, value in model.config.parameters.items() if name.endswith(IN_FLIGHT)
    ]
    return math.prod(limits)


def _called(model: ModelFolder) -> set[str]:
    return {name for version in model.versions for name in called_models(version / "model.py")}


def _handed_on_to(model: ModelFolder) -> set[str]:
    code = [version / "model.py" for version in model.versions if (version / "model.py").is_file()]
    return {
        name
        for path in code
        for name in first_arguments(ast.parse(path.read_text(encoding="utf-8")), "hand_on_to")
    }
