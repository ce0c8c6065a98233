"""The frames of a recording of which only parts were recognised: the rest is silence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .frames import Frames
from .labels import Labels
from .stretches import Piece

_NEVER = -30.0  # log-probability of what is certainly not said


class Timeline:
    """Collects what was heard in the pieces of a recording.

    Args:
        labels: what the model's outputs stand for.
        labels_per_frame: that are kept.
        count: frames of the recording.
    """

    def __init__(self, labels: Labels, labels_per_frame: int, count: int) -> None:
        self._labels = labels
        self._space = labels.space
        self._most = labels_per_frame
        silence = self._one_frame(labels.blank)
        columns = silence.labels
        self.frames = Frames(
            np.repeat(silence.log_probs, count, axis=0),
            None if columns is None else np.repeat(columns, count, axis=0),
        )
        self._starts: list[int] = []

    def place(self, heard: Frames, pieces: Sequence[Piece]) -> None:
        """Put frames where they belong.

        Args:
            heard: what the model says of the pieces put together; a frame more or less at the end is
                rounding.
            pieces: in order.
        """
        first = 0
        for piece in pieces:
            part = heard[first : first + len(piece)]
            self.frames.log_probs[piece.start : piece.start + len(part)] = part.log_probs
            if self.frames.labels is not None and part.labels is not None:
                self.frames.labels[piece.start : piece.start + len(part)] = part.labels
            first += len(piece)
            self._starts.append(piece.start)

    def separate_words(self) -> None:
        """Write a space between pieces, where the model wrote none: it did not hear the pause.

        Models of pieces of words need none: their labels say where a word starts.
        """
        if self._space is None:
            return
        space = self._one_frame(self._space)
        best, _ = self.frames.best()
        content = np.flatnonzero(self._labels.has_content[best])
        for start in sorted(self._starts)[1:]:
            later = int(np.searchsorted(content, start))
            if not 0 < later < content.size:
                continue
            before, after = int(content[later - 1]), int(content[later])
            if after - before < 2 or (best[before + 1 : after] == self._space).any():
                continue
            self.frames.log_probs[(before + after) // 2] = space.log_probs[0]

    def _one_frame(self, label: int) -> Frames:
        """Return a frame in which one label is certain."""
        log_probs = np.full((1, self._labels.size), _NEVER, np.float32)
        log_probs[0, label] = 0.0
        return Frames.best_of(log_probs, self._most)
