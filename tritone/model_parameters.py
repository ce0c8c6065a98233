"""The `parameters` of a model's config: numbers, and names of other models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .errors import ArtifactError

PARTNER = "_model"  # ends the key of every parameter that names another model
VERSIONS_WITH = "versions_with"  # names one whose files come from the same checkpoint
NEXT = "next_model"  # names the one that takes over what was answered; it is waited for, not called


class Parameters:
    """The parameters of one model.

    Args:
        args: as Triton hands them to `initialize`: model_name, and model_config as JSON.
    """

    def __init__(self, args: Mapping[str, str]) -> None:
        self.model = args["model_name"]
        self._entries = json.loads(args["model_config"])["parameters"]

    @classmethod
    def of(cls, config: Any) -> Parameters:
        """Return the parameters of an inference.ModelConfig."""
        entries = {name: {"string_value": value.string_value} for name, value in config.parameters.items()}
        return cls({"model_name": config.name, "model_config": json.dumps({"parameters": entries})})

    @property
    def partners(self) -> dict[str, str]:
        """The models that this one calls, by the parameter that names each."""
        keys = sorted(key for key in self._entries if key.endswith(PARTNER) and key != NEXT)
        return {key: self.text(key) for key in keys}

    def has(self, name: str) -> bool:
        """Return whether the config gives one parameter."""
        return name in self._entries

    def text(self, name: str) -> str:
        """Return one parameter as it is written, "" where there is none."""
        return str(self._entries.get(name, {}).get("string_value", ""))

    def name(self, key: str) -> str:
        """Return the model that one parameter names; raise ArtifactError when it names none."""
        text = self.text(key)
        if not text:
            raise ArtifactError(
                f"model '{self.model}', parameter {key}: expected the name of a model, got {text!r}; "
                "correct config.pbtxt."
            )
        return text

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
