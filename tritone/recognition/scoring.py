"""What a search thinks of words: language model, words that it does not know, phrases of the request."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from .boosting import Phrases, Places, folded
from .labels import Labels
from .language_model import END, Beginnings, LanguageModel, State

_LARGEST_EXPONENT = 300.0  # keeps factors finite


@dataclass(frozen=True)
class Weights:
    """How much each part of a score counts; natural logarithms."""

    language_model: float = 0.9  # times its log-probability; "alpha"
    word: float = 0.5  # added for each word, since a language model favours few of them; "beta"
    unknown: float = -16.0  # added for a word that the language model does not know


class WordState(NamedTuple):
    """What the score of the next label depends on."""

    word: str = ""  # the word so far; bytes that are no UTF-8 yet as surrogates
    ahead: float = (
        0.0  # log-probability that was already taken for the best of the words that begin like that
    )
    known: bool = True  # whether it may still become a word of the vocabulary, or a phrase
    context: State = None  # of the language model, before the word
    history: tuple[str, ...] = ()  # words that the context stands for
    places: Places = ()  # in the phrases


@dataclass(frozen=True)
class Scorer:
    """Scores labels one by one. Without a language model and phrases all are alike."""

    labels: Labels
    model: LanguageModel | None
    weights: Weights
    phrases: Phrases | None = None
    _vocabulary: Beginnings | None = field(init=False)
    _weight: float = field(init=False)
    _lower: bool = field(init=False)

    def __post_init__(self) -> None:
        vocabulary = self.model.beginnings if self.model and self.model.words else None
        object.__setattr__(self, "_vocabulary", vocabulary)
        object.__setattr__(self, "_weight", self.weights.language_model)
        object.__setattr__(self, "_lower", bool(self.model and self.model.is_lower))

    @cached_property
    def _starts_word(self) -> list[bool]:
        return list(map(bool, self.labels.starts_word))

    @cached_property
    def _texts(self) -> list[tuple[str, bytes]]:
        """What each label adds to a word: for the language model, and for phrases."""
        marks = self.labels.joins_previous
        texts = []
        for index, text in enumerate(self.labels.text):
            byte = int(self.labels.byte[index])
            if marks[index]:
                text = ""
            elif byte >= 0:
                text = bytes([byte]).decode(errors="surrogateescape")
            lower = bytes([byte]) if byte >= 0 else folded(text)
            texts.append((text.lower() if self._lower else text, lower))
        return texts

    def start(self) -> WordState:
        """Return the state before the first word."""
        context = self.model.start() if self.model else None
        return WordState(context=context, places=self.phrases.start if self.phrases else ())

    def factor(self, state: WordState, label: int) -> float:
        """Return the factor of a label's probability; `follow` also tells the state after it."""
        if self.phrases or self._starts_word[label]:
            return self.follow(state, label)[1]
        exact = self._texts[label][0]
        if not exact or self._vocabulary is None or not state.known:
            return 1.0
        best = self._vocabulary.best(state.word + exact)
        return _factor(self.weights.unknown if best is None else self._weight * (best - state.ahead))

    def follow(self, state: WordState, label: int) -> tuple[WordState, float]:
        """Return the state after a label, and the factor of its probability."""
        gain = 0.0
        if self._starts_word[label]:
            state, gain = self._end_word(state)
        exact, lower = self._texts[label]
        if exact:
            places, bonus = self.phrases.follow(state.places, lower) if self.phrases else ((), 0.0)
            word, known, ahead = state.word + exact, state.known, state.ahead
            if self._vocabulary is not None and known:
                best = self._vocabulary.best(word)
                if best is not None:
                    gain += self._weight * (best - ahead)
                    ahead = best
                elif not places:
                    known = False
                    gain += self.weights.unknown
            gain += bonus
            state = WordState(word, ahead, known, state.context, state.history, places)
        return state, _factor(gain)

    def finish(self, state: WordState) -> float:
        """Return the factor of the end after a state; a recording is taken for a whole sentence."""
        state, gain = self._end_word(state)
        if self.model:
            gain += self.weights.language_model * self.model.score(state.context, END)[0]
        return _factor(gain)

    def _end_word(self, state: WordState) -> tuple[WordState, float]:
        if not state.word:
            return state, 0.0
        places, gain = self.phrases.end_word(state.places) if self.phrases else ((), 0.0)
        context, history = state.context, state.history
        if self.model:
            word = state.word if state.word.isascii() else _whole(state.word)
            score, context = self.model.score(context, word)
            gain += self.weights.language_model * (score - state.ahead) + self.weights.word
            history = (*history, word)[1 - self.model.order :] if self.model.order > 1 else ()
            if state.known and not state.places and not self.model.knows(word):
                gain += self.weights.unknown
        return WordState(context=context, history=history, places=places), gain


def _whole(word: str) -> str:
    """Return a word with its bytes put together; broken ones become U+FFFD."""
    return word.encode(errors="surrogateescape").decode(errors="replace")


def _factor(gain: float) -> float:
    if -_LARGEST_EXPONENT < gain < _LARGEST_EXPONENT:
        return math.exp(gain)
    return math.exp(math.copysign(_LARGEST_EXPONENT, gain))
