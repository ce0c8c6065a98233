"""What a recogniser says of every frame, in bounded memory: the most probable labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import InputError


@dataclass(frozen=True)
class Frames:
    """Labels of consecutive frames with their log-probabilities.

    Of a model that spells in letters all are kept; of a thousand pieces the most probable ones, those that a
    beam search would look at.
    """

    log_probs: NDArray[np.float32]  # (T, K)
    labels: NDArray[np.int32] | None = None  # (T, K) of the columns, frame by frame; None: all, in order

    @classmethod
    def best_of(cls, log_probs: NDArray[np.float32], most: int) -> Frames:
        """Keep the `most` probable of (T, V) log-probabilities, or all where there are no more."""
        if log_probs.shape[1] <= most:
            return cls(log_probs)
        labels = np.argpartition(log_probs, -most, axis=1)[:, -most:]
        return cls(np.take_along_axis(log_probs, labels, axis=1), labels.astype(np.int32))

    @classmethod
    def received(
        cls, log_probs: NDArray[np.float32], labels: NDArray[np.int32], frames: int, vocabulary: int
    ) -> Frames:
        """Check what another model sends.

        Args:
            log_probs: (T, K), padded after `frames`.
            labels: (T, K), or (1, K) where the columns are the same in every frame.
            frames: valid ones.
            vocabulary: labels that there are.

        Raises:
            InputError: the shapes differ, more frames than were sent, or labels that there are not.
        """
        if not 0 <= frames <= len(log_probs):
            raise InputError(
                f"log_probs_length: expected 0 to {len(log_probs)} (the frames sent in log_probs), got "
                f"{frames}; send the number of valid frames."
            )
        if labels.shape[1] != log_probs.shape[1] or len(labels) not in (1, len(log_probs)):
            raise InputError(
                f"labels: expected shape {list(log_probs.shape)} like log_probs, or one row for all frames, "
                f"got {list(labels.shape)}; send what asr_windows gives."
            )
        if not labels.size or labels.min() < 0 or labels.max() >= vocabulary:
            raise InputError(
                f"labels: expected labels from 0 to {vocabulary - 1}, one at least, got others; "
                "export acoustic model and decoder from the same checkpoint."
            )
        return cls(log_probs[:frames], np.broadcast_to(labels, log_probs.shape)[:frames])

    @classmethod
    def join(cls, parts: Sequence[Frames]) -> Frames:
        """Put stretches of frames of one model one after the other."""
        log_probs = np.concatenate([part.log_probs for part in parts])
        kept = [part.labels for part in parts if part.labels is not None]
        return cls(log_probs, np.concatenate(kept) if kept else None)

    def __len__(self) -> int:
        return len(self.log_probs)

    def __getitem__(self, stretch: slice) -> Frames:
        return Frames(self.log_probs[stretch], None if self.labels is None else self.labels[stretch])

    @property
    def columns(self) -> NDArray[np.int32]:
        """What the columns are, as `received` takes it: (T, K), or (1, K) for all frames."""
        if self.labels is not None:
            return self.labels
        return np.arange(self.log_probs.shape[1], dtype=np.int32)[np.newaxis]

    def best(self) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Return the most probable label of every frame and its log-probability, (T,) each."""
        column = self.log_probs.argmax(axis=1)[:, np.newaxis]
        log_probs = np.take_along_axis(self.log_probs, column, axis=1)[:, 0]
        if self.labels is None:
            return column[:, 0], log_probs
        return np.take_along_axis(self.labels, column, axis=1)[:, 0], log_probs

    def log_prob_along(self, path: NDArray[Any]) -> NDArray[np.float32]:
        """Return the log-probability (T,) of one label per frame; if it was not kept, the smallest kept."""
        among = self.columns == path[:, np.newaxis]
        least = self.log_probs.min(axis=1)
        along: NDArray[np.float32] = np.where(among, self.log_probs, least[:, np.newaxis]).max(axis=1)
        return along

    def log_prob_of(self, labels: Sequence[int]) -> NDArray[Any]:
        """Return the log-probability (T,) of any of some labels; where none was kept, the smallest kept."""
        among = np.broadcast_to(np.isin(self.columns, labels), self.log_probs.shape)
        summed = np.logaddexp.reduce(np.where(among, self.log_probs, -np.inf), axis=1)
        known: NDArray[Any] = np.where(among.any(axis=1), summed, self.log_probs.min(axis=1))
        return known
