"""Batches of utterances of similar length: symbols and spectrograms."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.shards import Clip

POOL_BATCHES = 24  # batches whose utterances are sorted by length together


class Batch(NamedTuple):
    """Utterances, padded to the longest."""

    symbols: Tensor  # (B, S) ids
    symbols_length: Tensor  # (B,)
    steps: Tensor  # (B, T, R M), R frames each
    steps_length: Tensor  # (B,)


def as_steps(mel: NDArray[np.float16], frames_per_step: int) -> NDArray[np.float32]:
    """Group (T, M) frames into (ceil(T / R), R M) steps; the last frame, silence, fills the last one."""
    missing = -len(mel) % frames_per_step
    padded = np.pad(mel.astype(np.float32), ((0, missing), (0, 0)), mode="edge")
    return padded.reshape(len(padded) // frames_per_step, -1)


def collate(symbols: Sequence[Sequence[int]], steps: Sequence[NDArray[np.float32]]) -> Batch:
    """Stack utterances, with zeros after the shorter ones."""

    def padded(rows: list[Tensor]) -> Tensor:
        return torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)

    return Batch(
        padded([torch.tensor(row) for row in symbols]),
        torch.tensor([len(row) for row in symbols]),
        padded([torch.from_numpy(row) for row in steps]),
        torch.tensor([len(row) for row in steps]),
    )


class SpokenBatches:
    """Endless batches of a split.

    Args:
        utterances: their text is spoken with its marks.
        mels: (T, M) of each.
        tokenizer: NeMo's EnglishPhonemesTokenizer.
        size: utterances in a batch.
        frames_per_step: frames that the decoder predicts at once.
        phoneme_probability: of a word; otherwise it is spelled.
        seed: of the order.
    """

    def __init__(
        self,
        utterances: Sequence[Clip],
        mels: Sequence[NDArray[np.float16]],
        tokenizer: Any,
        size: int,
        frames_per_step: int,
        phoneme_probability: float,
        seed: int,
    ) -> None:
        self.utterances, self.mels, self.tokenizer, self.size = utterances, mels, tokenizer, size
        self.frames_per_step = frames_per_step
        self.phoneme_probability = phoneme_probability
        self.randomness = random.Random(seed)

    def batches(self, longest_s: float) -> Iterator[Batch]:
        """Iterate endlessly over the utterances up to a length."""
        chosen = [i for i, u in enumerate(self.utterances) if u.duration_s <= longest_s]
        pool = self.size * POOL_BATCHES
        while True:
            self.randomness.shuffle(chosen)
            for start in range(0, len(chosen) - self.size, pool):
                part = sorted(chosen[start : start + pool], key=lambda i: len(self.mels[i]))
                starts = list(range(0, len(part) - self.size + 1, self.size))
                self.randomness.shuffle(starts)
                for first in starts:
                    yield self.batch(part[first : first + self.size])

    def batch(self, indices: Sequence[int]) -> Batch:
        """Make the batch of some utterances."""
        with self.tokenizer.set_phone_prob(self.phoneme_probability):
            symbols = [self.tokenizer.encode(self.utterances[i].text) for i in indices]
        return collate(symbols, [as_steps(self.mels[i], self.frames_per_step) for i in indices])
