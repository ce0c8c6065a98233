"""Typed access to the `parameters` of a model's config."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

from .errors import ArtifactError

PARTNER = "_model"  # suffix of every parameter that names another model
VERSIONS_WITH = "versions_with"  # names a model whose files come from the same checkpoint
TOKENIZER = "tokenizer_model"  # names a front that a stream calls for every part of its text
VOICE_ACTIVITY = "voice_activity_model"  # names a model that belongs to no checkpoint
RECOGNITION = "recognition_model"  # names a pipeline that recognises whole recordings, whatever its versions
NEXT = "next_model"  # names the model that takes the responses: a source of back-pressure, not called


class Parameters:
    """The parameters of one model.

    Args:
        args: as Triton passes them to `initialize`: model_name, and model_config as JSON.
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

    @property
    def shared(self) -> set[str]:
        """The partners that belong to no checkpoint, of which the newest version is called."""
        return {self.text(VOICE_ACTIVITY), self.text(RECOGNITION)} - {""}

    def has(self, name: str) -> bool:
        """Return whether the config has a parameter."""
        return name in self._entries

    def text(self, name: str) -> str:
        """Return a parameter as text, "" if it is missing."""
        return str(self._entries.get(name, {}).get("string_value", ""))

    def name(self, key: str) -> str:
        """Return the model that a parameter names; raise ArtifactError if it names none."""
        text = self.text(key)
        if not text:
            raise ArtifactError(
                f"model '{self.model}', parameter {key}: expected the name of a model, got {text!r}; "
                "correct config.pbtxt."
            )
        return text

    def number(self, name: str) -> float:
        """Return a parameter; raise ArtifactError if it is missing or not a positive number."""
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
        """Return a parameter; raise ArtifactError if it is missing or not a positive whole number."""
        number = self.number(name)
        if not number.is_integer():
            raise ArtifactError(
                f"model '{self.model}', parameter {name}: expected a whole number, got {number:g}; "
                "correct config.pbtxt."
            )
        return int(number)
