"""Decoding of one recording as a request asks for it: greedily, or by a search with a language model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, ParameterError
from ..request_parameters import Choice, Integer, RequestParameter
from .beam_search import BeamSearch, Emission
from .boosting import Boost, Phrases
from .ctc import CtcDecoder, Words
from .frames import Frames
from .labels import Labels
from .language_model import LanguageModel
from .scoring import Scorer
from .settings import SearchSettings

BEAM, GREEDY = "beam", "greedy"
MOST_ALTERNATIVES = 10
_FEWEST_SPELLED = 0.5  # share of a language model's words that the labels must be able to write


@dataclass(frozen=True)
class Choices:
    """What a request asks for."""

    decoder: str = GREEDY
    boost: Phrases | None = None
    alternatives: int = 0

    @classmethod
    def of(cls, parameters: dict[str, Any], default: str) -> Choices:
        """Read the values of `declared_parameters`.

        Args:
            parameters: the values by name.
            default: the decoder of requests that name none and need none.

        Raises:
            ParameterError: they contradict each other.
        """
        decoder, boost, alternatives = (parameters[name] for name in ("decoder", "boost", "alternatives"))
        if decoder == GREEDY:
            for name, sent in (("boost", boost is not None), ("alternatives", alternatives > 1)):
                if sent:
                    raise ParameterError(
                        f"parameter {name}: expected decoder {BEAM}, got {GREEDY}, which has one transcript "
                        f"and knows no words; send decoder={BEAM}, or leave out {name}."
                    )
        searched = boost is not None or alternatives > 1
        return cls(decoder or (BEAM if searched else default), boost, alternatives)


def declared_parameters(labels: Labels) -> tuple[RequestParameter, ...]:
    """Return the request parameters of recognition."""
    return (
        Choice("decoder", (BEAM, GREEDY), None),
        Boost(labels),
        Integer("alternatives", 0, MOST_ALTERNATIVES, 0),
    )


@dataclass(frozen=True)
class Decoded:
    """The words of one recording, and its most probable transcripts as far as they were asked for."""

    words: Words
    alternatives: tuple[str, ...] = ()  # the first one is that of the words
    scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))  # ln of their shares


class Decoder:
    """Decodes recordings of one recogniser.

    Args:
        ctc: labels and times.
        model: the language model, if there is one.
        settings: of searches.

    Raises:
        ArtifactError: the language model was made for other labels.
    """

    def __init__(self, ctc: CtcDecoder, model: LanguageModel | None, settings: SearchSettings) -> None:
        self._ctc = ctc
        self._model = model
        self._settings = settings
        if model:
            _require_words(ctc.labels, model)

    @classmethod
    def load(cls, path: Path, settings: SearchSettings) -> Decoder:
        """Load `ctc.json` as the exporter wrote it, and the language model beside it, if there is one.

        Raises:
            ArtifactError: a file is broken, or they do not fit each other.
        """
        ctc = CtcDecoder.load(path, settings.pause_s)
        return cls(ctc, LanguageModel.beside(path.parent), settings)

    @property
    def labels(self) -> Labels:
        """What the recogniser's outputs stand for."""
        return self._ctc.labels

    def frames(
        self, log_probs: NDArray[np.float32], labels: NDArray[np.int32], length: int, max_audio_s: float
    ) -> Frames:
        """Check one row of what a recogniser gives; see `CtcDecoder.frames`."""
        return self._ctc.frames(log_probs, labels, length, max_audio_s)

    @property
    def default(self) -> str:
        """The decoder of requests that name none."""
        return BEAM if self._model else GREEDY

    def decode(self, frames: Frames, duration_s: float, choices: Choices) -> Decoded:
        """Decode one recording.

        Args:
            frames: of the whole recording.
            duration_s: length of the recording; word times end there at the latest.
            choices: of the request.
        """
        if choices.decoder == GREEDY or not len(frames):
            words = self._ctc.decode(frames, duration_s)
            count = min(choices.alternatives, 1)
            return Decoded(words, (words.transcript,) * count, np.zeros(count, np.float32))
        settings, several = self._settings, choices.alternatives > 1
        scorer = Scorer(self.labels, self._model, settings.weights, choices.boost)
        width = settings.width.of_several() if several else settings.width
        search = BeamSearch(self.labels, scorer, width, self._ctc.pause_frames)
        search.advance(frames)
        hypotheses = search.hypotheses(max(choices.alternatives, 1))
        words = self._words(hypotheses[0].emissions, frames, duration_s)
        others = [self._transcript(hypothesis.emissions) for hypothesis in hypotheses[1:]]
        scores = np.array([hypothesis.log_prob for hypothesis in hypotheses], np.float32)
        count = choices.alternatives
        return Decoded(words, (words.transcript, *others)[:count], scores[:count])

    def _words(self, emissions: Sequence[Emission], frames: Frames, duration_s: float) -> Words:
        """Return the words of a search with times and confidence, as those of the best labels have them."""
        count = len(frames)
        best, _ = frames.best()
        changes = np.flatnonzero(np.diff(best)) + 1
        run_end = np.append(changes, count)[np.searchsorted(changes, np.arange(count), side="right")]
        path = np.full(count, self.labels.blank)
        new, boundary = np.zeros(count, bool), np.zeros(count, bool)
        ends = [*(emission.frame for emission in emissions), count][1:]
        for (label, frame, starts_word), next_frame in zip(emissions, ends, strict=True):
            # A label lasts as long as it is the best one.
            peak = frame if best[frame] == label or frame + 1 == count else frame + 1
            end = run_end[peak] if best[peak] == label else frame + 1
            path[frame : min(end, next_frame)] = label
            new[frame], boundary[frame] = True, starts_word
        return self._ctc.words(path, frames.log_prob_along(path), new, boundary, duration_s)

    def _transcript(self, emissions: Sequence[Emission]) -> str:
        words: list[list[int]] = []
        for emission in emissions:
            if emission.starts_word or not words:
                words.append([])
            words[-1].append(emission.label)
        return " ".join(self.labels.join(word) for word in words)


def _require_words(labels: Labels, model: LanguageModel) -> None:
    """Raise ArtifactError if most words of a language model cannot be written in a recogniser's labels."""
    if (labels.byte >= 0).any() or not model.words:
        return
    letters = {letter for text in labels.text for letter in text}
    lower = all(letter == letter.lower() for letter in letters)
    spelled = [word for word in model.words if letters.issuperset(word)]
    share = len(spelled) / len(model.words)
    if share < _FEWEST_SPELLED:
        raise ArtifactError(
            f"{model.path}: expected words in its labels{' (lower case)' if lower else ''}, got a "
            f"language model with {share:.0%} such words; make one for it from text: `make language-model`."
        )
