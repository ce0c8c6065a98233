"""Apply the punctuation and capitals chosen by the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import CancelledError
from ..sidecar import read_sidecar
from .marks import SENTENCE_ENDS, MarkedWord, cores, read_words
from .windows import TokenWindow, WindowTokenizer, WordVotes, stack_windows

Logits = tuple[NDArray[np.float32], NDArray[np.float32]]
Batch = tuple[NDArray[np.int64], NDArray[np.int64]]
Model = Callable[[Batch], Logits]


@dataclass(frozen=True)
class Labels:
    """Labels of the model's two heads, by output index."""

    punctuation: tuple[str, ...]  # the mark to put after the word
    capitalisation: tuple[str, ...]  # "U": upper-case first letter
    nothing: str = "O"  # the label for no change, in both heads

    @classmethod
    def load(cls, path: Path) -> Labels:
        """Read `punctuation.json` as the exporter wrote it."""
        punctuation, capitalisation, nothing = read_sidecar(path, "punct_labels", "capit_labels", "pad_label")
        return cls(tuple(punctuation), tuple(capitalisation), nothing)

    def apply(self, word: MarkedWord, mark: int, capital: int, opens_sentence: bool = False) -> str:
        """Apply labels to a word.

        Args:
            word: with its existing marks.
            mark: output index of the mark after it.
            capital: output index of its capitalisation.
            opens_sentence: whether an existing mark of the previous word ends a sentence.
        """
        chosen = self.punctuation[mark]
        return word.write(
            "" if chosen == self.nothing else chosen,
            opens_sentence or self.capitalisation[capital] != self.nothing,
        )


class PunctuationRestorer:
    """Restores punctuation and capitals in texts of any length.

    Args:
        tokenizer: splits words into windows.
        labels: meaning of the model's outputs.
        model: (input_ids, attention_mask) (B, L) to punct_logits (B, L, P) and capit_logits (B, L, C).
        windows_per_batch: windows in a batch of the model.
        ordered_map: like `map`, but may work ahead.
    """

    def __init__(
        self,
        tokenizer: WindowTokenizer,
        labels: Labels,
        model: Model,
        windows_per_batch: int = 16,
        ordered_map: Callable[..., Iterable[Logits]] = map,
    ) -> None:
        self._tokenizer = tokenizer
        self._labels = labels
        self._model = model
        self._windows_per_batch = windows_per_batch
        self._map = ordered_map

    def restore(self, text: str, is_cancelled: Callable[[], bool] = lambda: False) -> str:
        """Punctuate a text.

        Existing marks and capitals are kept; the model gets the bare words, and missing marks are added.

        Args:
            text: words, separated by white space.
            is_cancelled: checked before every batch.

        Returns:
            The words in order, separated by single spaces.

        Raises:
            CancelledError: `is_cancelled` returned True.
        """

        def tensors() -> Iterator[Batch]:
            for batch in batches:
                if is_cancelled():
                    raise CancelledError("punctuation was cancelled by the client")
                yield stack_windows(batch)

        words = read_words(text)
        if not words:
            return ""
        marks = WordVotes(len(words), len(self._labels.punctuation))
        capitals = WordVotes(len(words), len(self._labels.capitalisation))
        batches = list(_batches(self._tokenizer.windows(cores(words)), self._windows_per_batch))
        results = self._map(self._model, tensors())
        for batch, (punct_logits, capit_logits) in zip(batches, results, strict=True):
            for row, window in enumerate(batch):
                marks.add(window, punct_logits[row])
                capitals.add(window, capit_logits[row])
        chosen = marks.winners().tolist()
        opens_sentence = [False, *(word.ends_sentence for word in words[:-1])]
        written = map(
            self._labels.apply, words, chosen, self._kept(words, chosen, capitals.winners()), opens_sentence
        )
        return " ".join(written)

    def _kept(
        self, words: Sequence[MarkedWord], marks: Sequence[int], capitals: Iterable[int]
    ) -> Iterator[int]:
        """Yield the capitals, except after a sentence end that an existing mark overrides."""
        labels, before = self._labels, False
        for word, mark, capital in zip(words, marks, capitals, strict=True):
            yield labels.capitalisation.index(labels.nothing) if before else capital
            before = word.goes_on and labels.punctuation[mark] in SENTENCE_ENDS


def _batches(windows: Iterator[TokenWindow], size: int) -> Iterator[Sequence[TokenWindow]]:
    while batch := list(islice(windows, size)):
        yield batch
