"""How a decoder is configured: the parameters of its config."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..model_parameters import Parameters
from .beam_search import Width
from .scoring import Weights


@dataclass(frozen=True)
class SearchSettings:
    """The settings of one recogniser's decoder."""

    weights: Weights = field(default_factory=Weights)
    width: Width = field(default_factory=Width)
    pause_s: float = float("inf")  # silence that ends a word without a space, seconds

    @classmethod
    def of(cls, parameters: Parameters) -> SearchSettings:
        """Read them from a model's config.

        Raises:
            ArtifactError: one is missing, or not a positive number.
        """
        weights = Weights(
            parameters.number("language_model_weight"),
            parameters.number("word_bonus"),
            -parameters.number("unknown_word_penalty"),
        )
        return cls(weights, Width(parameters.count("beam_width")), parameters.number("word_pause_s"))
