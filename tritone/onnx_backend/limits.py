"""Size limits for requests: without them a graph would compute anything that fits into a message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, InputError

PREFIX = "max_elements."  # plus the name of an input: a config parameter that native backends ignore


@dataclass(frozen=True)
class InputLimits:
    """The largest inputs of one request, all rows together."""

    elements: Mapping[str, int]  # by input

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> InputLimits:
        """Read a model's config as Triton passes it to a backend.

        Raises:
            ArtifactError: a limit does not name an input, or is not a positive whole number.
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
        """Reject a request that is empty or too large.

        Args:
            tensors: the inputs of one request by name.

        Raises:
            InputError: an input is empty or too large.
        """
        for name, tensor in tensors.items():
            shape = list(np.shape(tensor))
            if tensor.size == 0:
                raise InputError(
                    f"{name}: expected at least one element, got shape {shape}; send at least one."
                )
            most = self.elements.get(name)
            if most is not None and tensor.size > most:
                raise InputError(
                    f"{name}: expected at most {most} elements in a request, got {tensor.size} "
                    f"(shape {shape}); send smaller requests."
                )
