"""Optimisation profiles: which shapes an engine takes, and which it is made fastest for.

Every number comes from configs and sidecars, which the families read. An engine has two profiles, of which
Triton takes the one whose optimum is nearer: `single` for a request that is alone, `batch` for what the
dynamic batcher has merged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import onnx

from export.errors import EngineError
from export.tensorrt.repository import Repository

if TYPE_CHECKING:
    from export.tensorrt.models import EngineModel

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Range:
    """The shapes of one input, batch first."""

    least: Shape
    best: Shape  # tactics are chosen for it
    most: Shape

    @classmethod
    def of(cls, batch: tuple[int, int, int], *axes: int | tuple[int, int, int]) -> Range:
        """Axis by axis (least, best, most); a single number is fixed."""
        full = [batch, *((axis, axis, axis) if isinstance(axis, int) else axis for axis in axes)]
        least, best, most = (tuple(axis[index] for axis in full) for index in range(3))
        return cls(least, best, most)


@dataclass(frozen=True)
class Profile:
    """Ranges by input; their axes of one meaning change together."""

    name: str
    inputs: Mapping[str, Range]

    def as_dict(self) -> dict[str, Any]:
        """As records and keys have it."""
        return {
            "name": self.name,
            "inputs": {
                name: {"min": list(found.least), "opt": list(found.best), "max": list(found.most)}
                for name, found in self.inputs.items()
            },
        }


Axis = tuple[int, int, int]


def profiles_of(model: EngineModel, repository: Repository) -> list[Profile]:
    """The profiles of a model's engine.

    Raises:
        EngineError: a config or sidecar lacks what they are made of, or allows nothing.
    """
    config = repository.config(model.name)
    preferred = list(config.dynamic_batching.preferred_batch_size)
    inputs = partial(model.inputs, repository)
    return both(config.max_batch_size, preferred, inputs, model.name)


def both(
    most: int, preferred: Sequence[int], inputs: Callable[[Axis], Mapping[str, Range]], model: str
) -> list[Profile]:
    """The profile for one request and the one for a batch; only the first where there are no batches.

    Raises:
        EngineError: a batch size that is none.
    """
    if most < 1 or any(not 1 <= size <= most for size in preferred):
        raise EngineError(
            f"{model}: expected max_batch_size of 1 or more, preferred_batch_size within it, got {most} and "
            f"{list(preferred)}; correct its configuration."
        )
    single = Profile("single", inputs((1, 1, 1)))
    return (
        [single] if most == 1 else [single, Profile("batch", inputs((1, max(preferred, default=most), most)))]
    )


def check_profiles(profiles: Sequence[Profile], graph: onnx.GraphProto, model: str) -> None:
    """Compare profiles with the inputs of a graph.

    Raises:
        EngineError: an input is missing or too much, or an axis that the graph fixes has another size.
    """
    declared = {
        value.name: [dim.dim_value or None for dim in value.type.tensor_type.shape.dim]
        for value in graph.input
    }
    for profile in profiles:
        if profile.inputs.keys() != declared.keys():
            raise EngineError(
                f"{model}: expected inputs {', '.join(sorted(profile.inputs))}, the graph has "
                f"{', '.join(sorted(declared))}; export the checkpoint again."
            )
        for name, found in profile.inputs.items():
            fixed = declared[name]
            for shape in (found.least, found.best, found.most):
                fits = len(shape) == len(fixed) and all(
                    size in (None, wanted) for size, wanted in zip(fixed, shape, strict=True)
                )
                if not fits:
                    raise EngineError(
                        f"{model}, input '{name}': expected shapes like {list(shape)}, as its config and "
                        f"sidecars say, the graph has {[size or -1 for size in fixed]}; export again."
                    )


def check_warm_up(profiles: Sequence[Profile], config: Any) -> None:
    """Compare a configuration's warm-up with the profiles: a model whose warm-up fails is not served.

    Raises:
        EngineError: a warm-up tensor that no profile takes.
    """
    for warm_up in config.model_warmup:
        for name, tensor in warm_up.inputs.items():
            shape = (warm_up.batch_size, *tensor.dims)
            if not any(within(shape, profile.inputs[name]) for profile in profiles if name in profile.inputs):
                ranges = [[list(found.least), list(found.most)] for found in inputs_of(profiles, name)]
                raise EngineError(
                    f"{config.name}, model_warmup '{warm_up.name}': expected '{name}' within {ranges}, got "
                    f"{list(shape)}; correct configs/tensorrt.pbtxt."
                )


def within(shape: Sequence[int], found: Range) -> bool:
    """Whether a range takes a shape."""
    return len(shape) == len(found.least) and all(
        low <= size <= high for low, size, high in zip(found.least, shape, found.most, strict=True)
    )


def inputs_of(profiles: Sequence[Profile], name: str) -> list[Range]:
    """The ranges of one input."""
    return [profile.inputs[name] for profile in profiles if name in profile.inputs]


def check_instances(profiles: Sequence[Profile], config: Any) -> None:
    """Compare the profiles with those that a configuration has Triton use.

    Raises:
        EngineError: they are not the same.
    """
    wanted = [str(index) for index in range(len(profiles))]
    for group in config.instance_group:
        if config.backend == "tensorrt" and list(group.profile) != wanted:
            raise EngineError(
                f"{config.name}, instance_group: expected profile {wanted}, got {list(group.profile)}; "
                "correct configs/tensorrt.pbtxt."
            )
