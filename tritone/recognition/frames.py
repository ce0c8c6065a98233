"""What a recogniser says of every frame, in bounded memory: the most probable labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Frames:
    """The most probable labels of consecutive frames, best first.

    All labels of a model that spells in letters are kept; of a thousand pieces those that a beam search would
    look at.
    """

    labels: NDArray[np.int32]  # (T, K)
    log_probs: NDArray[np.float32]  # (T, K)

    @classmethod
    def best_of(cls, log_probs: NDArray[np.float32], most: int) -> Frames:
        """Keep the `most` probable labels of (T, V) log-probabilities, or all where there are fewer."""
        kept = min(most, log_probs.shape[1])
        if kept < log_probs.shape[1]:
            labels = np.argpartition(log_probs, -kept, axis=1)[:, -kept:]
        else:
            labels = np.broadcast_to(np.arange(kept), log_probs.shape)
        values = np.take_along_axis(log_probs, labels, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        return cls(
            np.take_along_axis(labels, order, axis=1).astype(np.int32),
            np.take_along_axis(values, order, axis=1),
        )

    @classmethod
    def join(cls, parts: Sequence[Frames]) -> Frames:
        """Put stretches of frames one after the other."""
        return cls(
            np.concatenate([part.labels for part in parts]),
            np.concatenate([part.log_probs for part in parts]),
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, stretch: slice) -> Frames:
        return Frames(self.labels[stretch], self.log_probs[stretch])

    @property
    def best(self) -> NDArray[np.int32]:
        """The most probable label of every frame, (T,)."""
        return self.labels[:, 0]

    def log_prob_of(self, labels: Sequence[int]) -> NDArray[Any]:
        """Return the log-probability (T,) of any of some labels; of none that was kept, that of the last."""
        among = np.isin(self.labels, labels)
        summed = np.logaddexp.reduce(np.where(among, self.log_probs, -np.inf), axis=1)
        floor: NDArray[Any] = np.where(among.any(axis=1), summed, self.log_probs[:, -1])
        return floor
