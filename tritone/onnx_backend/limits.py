"""How much one request may bring: a graph would try to compute whatever fits into a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, InputError

PREFIX = (
    "max_elements."  # of a config's parameters, with an input's name behind it; native backends ignore it
)


@dataclass(frozen=True)
class InputLimits:
    """The largest inputs of one request, all its rows together."""

    elements: Mapping[str, int]  # by input

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputLimits:
        """Read a model's config as Triton hands it to a backend.

        Raises:
            ArtifactError: a limit of something that is no input, or that is no positive whole number.
        """
        given = {
            name.removeprefix(PREFIX): str(entry.get("string_value", ""))
            for name, entry in config.get("parameters", {}).items()
            if name.startswith(PREFIX)
        }
        inputs = {tensor["name"] for tensor in config["input"]}
        for name, text in given.items():
            subject = f"model '{config.get('name')}', parameter {PREFIX}{name}"
            if name not in inputs:
                raise ArtifactError(f"{subject}: expected the name of an input, got {name!r}; correct it.")
            if not text.isdecimal() or int(text) < 1:
                raise ArtifactError(
                    f"{subject}: expected a positive whole number, got {text!r}; correct config.pbtxt."
                )
        return cls({name: int(text) for name, text in given.items()})

    def check(self, tensors: Mapping[str, NDArray[Any]]) -> None:
        """Refuse a request that is empty or too large.

        Args:
            tensors: the inputs of one request by name.

        Raises:
            InputError: names the input, the rule and the shape.
        """
        for name, tensor in tensors.items():
            shape = list(np.shape(tensor))
            if tensor.size == 0:
                raise InputError(f"{name}: expected at least one element, got shape {shape}; send some.")
            most = self.elements.get(name)
            if most is not None and tensor.size > most:
                raise InputError(
                    f"{name}: expected at most {most} elements in a request, got {tensor.size} "
                    f"(shape {shape}); send less at a time."
                )
