"""Overlapping windows of subword tokens, as in NeMo's inference of punctuation models.

The model's input is limited to a number of tokens. A longer text is split into windows that advance by
`step` tokens; predictions within `margin` tokens of a window's inner edge lack context and are dropped. If
several windows predict a word, their probabilities are multiplied (NeMo, PunctuationCapitalizationModel).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from ..errors import ArtifactError
from ..sidecar import read_sidecar

PAD_MULTIPLE = 16  # few distinct lengths, so that the dynamic batcher can merge requests


@dataclass(frozen=True)
class WindowSettings:
    """Parameters of the windows, in tokens."""

    max_seq_length: int = 64  # of a window, including two special tokens
    step: int = 8  # advance from window to window
    margin: int = 16  # tokens without predictions at an inner edge

    def __post_init__(self) -> None:
        if self.max_seq_length < 3 or self.step < 1 or not 0 <= 2 * self.margin < self.max_seq_length - 2:
            raise ArtifactError(
                "punctuation windows: expected max_seq_length >= 3, step >= 1 and "
                f"2 * margin < max_seq_length - 2, got {self}; correct punctuation.json."
            )


@dataclass(frozen=True)
class TokenWindow:
    """A row of the model's input, and the words whose first tokens it holds."""

    input_ids: NDArray[np.int64]  # (L,) with special tokens, without padding
    word: NDArray[np.int64]  # (K,) index of each word predicted by this window
    position: NDArray[np.int64]  # (K,) index in input_ids of the word's first token


class WindowTokenizer:
    """Splits words into token windows.

    Args:
        tokenizer: the checkpoint's tokenizer.
        settings: window length, step and margin.
    """

    def __init__(
        self, tokenizer: Tokenizer, settings: WindowSettings, cls_id: int, sep_id: int, unk_id: int
    ) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._cls, self._sep, self._unknown = cls_id, sep_id, unk_id

    @classmethod
    def load(cls, folder: Path) -> WindowTokenizer:
        """Read `tokenizer.json` and `punctuation.json` as the exporter wrote them."""
        names = ("max_seq_length", "step", "margin", "cls_id", "sep_id")
        length, step, margin, cls_id, sep_id = read_sidecar(folder / "punctuation.json", *names)
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise ArtifactError(f"{path}: expected the exporter's file, found none; run `make export`.")
        tokenizer = Tokenizer.from_file(str(path))
        unknown = tokenizer.token_to_id(tokenizer.model.unk_token) or 0
        return cls(tokenizer, WindowSettings(length, step, margin), cls_id, sep_id, unknown)

    def windows(self, words: Sequence[str]) -> Iterator[TokenWindow]:
        """Yield windows that together predict every word at least once."""
        encoded = self._tokenizer.encode_batch(list(words), add_special_tokens=False)
        # A word without tokens, such as zero-width characters, still needs a prediction.
        pieces = [encoding.ids or [self._unknown] for encoding in encoded]
        tokens = np.fromiter((token for piece in pieces for token in piece), np.int64)
        starts = np.cumsum([0] + [len(piece) for piece in pieces[:-1]])

        length = self._settings.max_seq_length - 2
        margin = self._settings.margin
        step = min(self._settings.step, length - 2 * margin)
        last = max(0, -(-(tokens.size - length) // step)) * step
        for offset in range(0, last + 1, step):
            stop = min(offset + length, tokens.size)
            predicted_from = offset if offset == 0 else offset + margin
            predicted_to = stop if offset == last else stop - margin
            first, end = np.searchsorted(starts, (predicted_from, predicted_to))
            yield TokenWindow(
                input_ids=np.concatenate(([self._cls], tokens[offset:stop], [self._sep])),
                word=np.arange(first, end),
                position=starts[first:end] - offset + 1,
            )


def stack_windows(windows: Sequence[TokenWindow]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Stack windows to a padded batch.

    Returns:
        input_ids (B, L) and attention_mask (B, L) int64, L a multiple of 16; padding is id 0 under mask 0.
    """
    longest = max(window.input_ids.size for window in windows)
    padded = -(-longest // PAD_MULTIPLE) * PAD_MULTIPLE
    input_ids = np.zeros((len(windows), padded), np.int64)
    attention_mask = np.zeros_like(input_ids)
    for row, window in enumerate(windows):
        input_ids[row, : window.input_ids.size] = window.input_ids
        attention_mask[row, : window.input_ids.size] = 1
    return input_ids, attention_mask


class WordVotes:
    """Combines the windows' predictions for every word of a text.

    Args:
        words: number of words of the text.
        labels: number of labels.
    """

    def __init__(self, words: int, labels: int) -> None:
        self._log_probs = np.zeros((words, labels))

    def add(self, window: TokenWindow, logits: NDArray[np.float32]) -> None:
        """Multiply by the probabilities of a window.

        Args:
            window: the window.
            logits: (L, labels) of that window.
        """
        predicted = logits[window.position].astype(np.float64)
        self._log_probs[window.word] += predicted - np.logaddexp.reduce(predicted, axis=1, keepdims=True)

    def winners(self) -> NDArray[np.int64]:
        """Return the most probable label of each word, (words,)."""
        winners: NDArray[np.int64] = self._log_probs.argmax(axis=1)
        return winners
