"""Read what Triton hands to `initialize`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from ..errors import ArtifactError


def version_folder(args: Mapping[str, str]) -> Path:
    """Return the folder that holds this version's artifacts."""
    return Path(args["model_repository"]) / args["model_version"]


def own_version(args: Mapping[str, str]) -> int:
    """Return the version that is being loaded, which is also that of the models it calls."""
    return int(args["model_version"])


class Parameters:
    """The `parameters` of a model's config, as numbers."""

    def __init__(self, args: Mapping[str, str]) -> None:
        self.model = args["model_name"]
        self._entries = json.loads(args["model_config"])["parameters"]

    def has(self, name: str) -> bool:
        """Return whether the config gives one parameter."""
        return name in self._entries

    def number(self, name: str) -> float:
        """Return one parameter; raise ArtifactError when it is missing or not a positive number."""
        text = self._entries.get(name, {}).get("string_value")
        try:
            number = float(text)
        except (TypeError, ValueError):
            number = 0.0
        if not 0 < number < math.inf:
            raise ArtifactError(
                f"model '{self.model}', parameter {name}: expected a positive number, got {text!r}; "
                "correct config.pbtxt."
            )
        return number

    def count(self, name: str) -> int:
        """Return one parameter; raise ArtifactError when it is missing or not a positive whole number."""
        number = self.number(name)
        if not number.is_integer():
            raise ArtifactError(
                f"model '{self.model}', parameter {name}: expected a whole number, got {number:g}; "
                "correct config.pbtxt."
            )
        return int(number)
