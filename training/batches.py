"""Batches for the acoustic model: clips of similar length, augmented, padded to the longest."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch.utils.data import IterableDataset

from training import augmentation
from training.augmentation import Audio, Augmentation
from training.shards import Clip, as_float, pad, repeated
from training.voices import SAMPLE_RATE_HZ

NOISE_S = 120
BABBLE_CLIPS = 200
Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def plan(utterances: Sequence[Clip], batch_s: float, randomness: random.Random) -> list[list[Clip]]:
    """Group clips of similar length into batches of at most `batch_s` padded seconds, in random order."""
    ordered = sorted(utterances, key=lambda u: u.duration_s * randomness.uniform(0.95, 1.05))
    groups: list[list[Clip]] = [[]]
    longest_s = 0.0
    for utterance in ordered:
        longest_s = max(longest_s, utterance.duration_s)
        if groups[-1] and longest_s * (len(groups[-1]) + 1) > batch_s:
            groups.append([])
            longest_s = utterance.duration_s
        groups[-1].append(utterance)
    groups = [group for group in groups if group]
    randomness.shuffle(groups)
    return groups


def collate(audio: Sequence[Audio], texts: Sequence[str], labels: Sequence[str]) -> Batch:
    """Pad clips and spellings.

    Returns:
        audio (B, N) float32, audio_length (B,), target (B, S) label indices, target_length (B,).
    """
    index = {label: i for i, label in enumerate(labels)}
    padded, length = pad(audio)
    targets = [torch.tensor([index[c] for c in text], dtype=torch.long) for text in texts]
    return (
        torch.from_numpy(padded),
        torch.from_numpy(length),
        torch.nn.utils.rnn.pad_sequence(targets, batch_first=True),
        torch.tensor([len(target) for target in targets]),
    )


class AugmentedBatches(IterableDataset[Batch]):
    """Endless batches, epoch after epoch, each epoch in a new order and with new augmentation."""

    def __init__(
        self,
        utterances: Sequence[Clip],
        labels: Sequence[str],
        batch_s: float,
        augment: Augmentation,
        repeats: dict[str, float],
        seed: int,
    ) -> None:
        self.utterances = utterances
        self.repeats = repeats
        self.labels = labels
        self.batch_s = batch_s
        self.augment = augment
        self.seed = seed

    def noises(self, generator: np.random.Generator) -> list[Audio]:
        """Make the recordings that background noise is cut from."""
        chosen = generator.choice(len(self.utterances), BABBLE_CLIPS)
        clips = [as_float(self.utterances[i].samples()) for i in chosen]
        length = NOISE_S * SAMPLE_RATE_HZ
        return [
            augmentation.white_noise(length, generator),
            augmentation.pink_noise(length, generator),
            augmentation.babble(clips, length, generator),
        ]

    def __iter__(self) -> Iterator[Batch]:
        generator = np.random.default_rng(self.seed)
        noises = self.noises(generator)
        while True:
            counts = repeated(self.utterances, self.repeats, generator)
            heard = [u for u, count in zip(self.utterances, counts, strict=True) for _ in range(count)]
            for group in plan(heard, self.batch_s, random.Random(int(generator.integers(2**31)))):
                clips = [self.augment(as_float(u.samples()), noises, generator) for u in group]
                yield collate(clips, [u.text for u in group], self.labels)
