"""Optimisation profiles: the input shapes that an engine accepts, and those that it is tuned for.

Every number comes from configs and sidecars, which the families read. An engine has two profiles, of which
Triton takes the one with the nearer optimum: `single` for a request that is alone, `batch` for what the
dynamic batcher has merged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import onnx
from polygraphy.backend.trt import Profile, ShapeTuple

from export.errors import EngineError
from export.tensorrt.repository_version import RepositoryVersion

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

Axis = tuple[int, int, int]
"""Minimum, optimum and maximum of one axis."""

Profiles = Mapping[str, Profile]
"""By name, in the order in which Triton's configuration numbers them."""


def shape_range(batch: Axis, *axes: int | Axis) -> ShapeTuple:
    """The shapes of one input, batch first; a single number is a fixed axis."""
    ranges = [batch, *((axis, axis, axis) if isinstance(axis, int) else axis for axis in axes)]
    return ShapeTuple(*zip(*ranges, strict=True))


def profiles_of(model: EngineModel, repository: RepositoryVersion) -> dict[str, Profile]:
    """The profiles of a model's engine; only `single` where the model takes no batches.

    Raises:
        EngineError: a batch size of the model's configuration is out of range.
        ArtifactError: a config or sidecar lacks what the shapes are computed from.
    """
    config = repository.config(model.name)
    largest, preferred = config.max_batch_size, list(config.dynamic_batching.preferred_batch_size)
    if largest < 1 or any(not 1 <= size <= largest for size in preferred):
        raise EngineError(
            f"{model.name}: expected max_batch_size of 1 or more, preferred_batch_size within it, got "
            f"{largest} and {preferred}; correct its configuration."
        )
    batches = {"single": (1, 1, 1), "batch": (1, max(preferred, default=largest), largest)}
    if largest == 1:
        del batches["batch"]
    return {name: Profile(dict(model.inputs(repository, batch))) for name, batch in batches.items()}


def check_profiles(profiles: Profiles, graph: onnx.GraphProto, config: Any) -> None:
    """Compare profiles with a graph's inputs, and with the warm-up and the instances of a configuration.

    Raises:
        EngineError: they differ; Triton would not load the engine, or the engine would refuse requests.
    """
    for finding in (
        *_graph_findings(profiles, graph),
        *_warm_up_findings(profiles, config),
        *_instance_findings(profiles, config),
    ):
        raise EngineError(f"{config.name}{finding}")


def as_lists(profiles: Profiles) -> dict[str, Any]:
    """Profiles as JSON has them."""
    return {
        name: {
            tensor: {"min": list(shapes.min), "opt": list(shapes.opt), "max": list(shapes.max)}
            for tensor, shapes in profile.items()
        }
        for name, profile in profiles.items()
    }


def accepts(shapes: ShapeTuple, shape: Sequence[int]) -> bool:
    """Whether a shape is within a range."""
    return len(shape) == len(shapes.min) and all(
        low <= size <= high for low, size, high in zip(shapes.min, shape, shapes.max, strict=True)
    )


def _graph_findings(profiles: Profiles, graph: onnx.GraphProto) -> Iterator[str]:
    declared = {
        value.name: [dim.dim_value or -1 for dim in value.type.tensor_type.shape.dim] for value in graph.input
    }
    for profile in profiles.values():
        if profile.keys() != declared.keys():
            yield (
                f": expected inputs {', '.join(sorted(profile))}, the graph has "
                f"{', '.join(sorted(declared))}; export the checkpoint again."
            )
            continue
        for name, shapes in profile.items():
            for shape in shapes:
                fixed = [size if axis > 0 else -1 for axis, size in zip(declared[name], shape, strict=False)]
                if len(shape) != len(declared[name]) or fixed != declared[name]:
                    yield (
                        f", input '{name}': expected shapes like {list(shape)}, as its config and sidecars "
                        f"say, the graph has {declared[name]}; export again."
                    )


def _warm_up_findings(profiles: Profiles, config: Any) -> Iterator[str]:
    for warm_up in config.model_warmup:
        for name, tensor in warm_up.inputs.items():
            shape = (warm_up.batch_size, *tensor.dims)
            ranges = [profile[name] for profile in profiles.values() if name in profile]
            if not any(accepts(shapes, shape) for shapes in ranges):
                yield (
                    f", model_warmup '{warm_up.name}': expected '{name}' within "
                    f"{[[list(shapes.min), list(shapes.max)] for shapes in ranges]}, got {list(shape)}; "
                    "correct configs/tensorrt.pbtxt."
                )


def _instance_findings(profiles: Profiles, config: Any) -> Iterator[str]:
    numbers = [str(index) for index in range(len(profiles))]
    for group in config.instance_group:
        if config.backend == "tensorrt" and list(group.profile) != numbers:
            yield (
                f", instance_group: expected profile {numbers}, got {list(group.profile)}; "
                "correct configs/tensorrt.pbtxt."
            )
