"""Phrases that a search favours: names, terms and commands of one request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import ParameterError
from .labels import Labels

MOST_PHRASES = 500
MOST_CHARACTERS = 100  # of one phrase
LARGEST_WEIGHT = 20.0  # either way; e to its power is what a phrase's probability is multiplied by
_SPACE = ord(" ")


@dataclass(eq=False)
class Place:
    """A place within the phrases: what has been said of one or several of them."""

    after: dict[int, Place] = field(default_factory=dict)  # by the next byte
    bonus: float = 0.0  # earned so far, and lost again if no phrase is completed
    weight: float | None = None  # of the phrase that ends here


Places = tuple[Place, ...]  # of all phrases that may be going on


class Phrases:
    """Phrases with weights, followed along a growing text. Case makes no difference.

    A part of a phrase earns the same part of its weight at once, so that a narrow search keeps to it.

    Args:
        weights: natural logarithms, by phrase; negative ones make a phrase less likely.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        self._root = Place()
        for phrase, weight in weights.items():
            place, spelled = self._root, folded(phrase)
            for count, byte in enumerate(spelled, start=1):
                place = place.after.setdefault(byte, Place())
                place.bonus = max(place.bonus, weight * count / len(spelled))
            place.weight = weight

    @property
    def start(self) -> Places:
        """The places at the beginning of a word."""
        return (self._root,)

    def follow(self, places: Places, text: bytes) -> tuple[Places, float]:
        """Return the places after some more of a word, and what is earned, or lost again, by it."""
        followed: list[Place] = []
        change = 0.0
        for place in places:
            after: Place | None = place
            for byte in text:
                after = after.after.get(byte) if after else None
            change += (after.bonus if after else 0.0) - place.bonus
            if after:
                followed.append(after)
        return tuple(followed), change

    def end_word(self, places: Places) -> tuple[Places, float]:
        """Return the places at the beginning of the next word, and what is earned or lost by it."""
        followed = [self._root]
        change = 0.0
        for place in places:
            after = place.after.get(_SPACE)
            if place.weight is not None:
                change += place.weight
            change -= place.bonus
            if after:
                change += after.bonus
                followed.append(after)
        return tuple(followed), change


def folded(text: str) -> bytes:
    """Return a text as phrases are compared: in lower case, in UTF-8."""
    return text.lower().encode()


@dataclass(frozen=True)
class Boost:
    """The request parameter `boost`: a JSON object of phrase to weight.

    Args:
        labels: of the model, that phrases must be made of.
    """

    labels: Labels
    name: str = "boost"
    default: Phrases | None = None

    def read(self, value: Any) -> Phrases | None:
        """Return the phrases; raise ParameterError if they break a rule. None: there are none."""
        weights = self._object(value)
        if len(weights) > MOST_PHRASES:
            raise self._refusal(
                f"at most {MOST_PHRASES} phrases", str(len(weights)), "send the likeliest ones"
            )
        alphabet = {letter for text in self.labels.text for letter in text.lower()}
        spelled: dict[str, float] = {}
        for number, (phrase, weight) in enumerate(weights.items(), start=1):
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                raise self._refusal("a number as weight", type(weight).__name__, "send e.g. 5", number)
            if not -LARGEST_WEIGHT <= weight <= LARGEST_WEIGHT:
                rule = f"a weight from {-LARGEST_WEIGHT:g} to {LARGEST_WEIGHT:g}"
                raise self._refusal(rule, str(weight)[:20], "3 to 8 is common", number)
            words = " ".join(phrase.split())
            if not 0 < len(words) <= MOST_CHARACTERS:
                rule = f"1 to {MOST_CHARACTERS} characters"
                raise self._refusal(rule, str(len(words)), "send words or short phrases", number)
            odd = next((letter for letter in words if letter != " " and letter.lower() not in alphabet), None)
            if odd is not None and not (self.labels.byte >= 0).any():
                remedy = "write the phrase as it is spoken, in the model's letters"
                raise self._refusal("characters that the model writes", repr(odd), remedy, number)
            spelled[words] = float(weight)
        return Phrases(spelled) if spelled else None

    def _object(self, value: Any) -> dict[str, Any]:
        try:
            weights = json.loads(value) if isinstance(value, str) else None
        except (ValueError, RecursionError):
            weights = None
        if not isinstance(weights, dict):
            raise self._refusal(
                "a JSON object of phrase to weight", "something else", 'send e.g. {"Hester Prynne": 8}'
            )
        return weights

    def _refusal(self, rule: str, got: str, remedy: str, number: int | None = None) -> ParameterError:
        subject = f"parameter {self.name}" + (f", phrase {number}" if number else "")
        return ParameterError(f"{subject}: expected {rule}, got {got}; {remedy}.")
