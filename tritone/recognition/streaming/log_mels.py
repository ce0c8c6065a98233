"""The log-mel features of a stream, computed as its samples arrive."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .format import StreamFormat


@dataclass(frozen=True)
class Wanted:
    """Samples from which the next frames are computed."""

    start: int  # first sample, a multiple of the hop
    stop: int  # one past the last
    skip: int  # frames at their beginning that are known, or need samples before them
    count: int  # frames after those
    samples: int  # to give to the model: these, and zeros


class LogMels:
    """Frames of features around the place up to which a stream is recognised.

    Args:
        form: how long frames are.
    """

    def __init__(self, form: StreamFormat) -> None:
        self._form = form
        self.first = 0  # frame that is kept, counted from the start of the stream
        self._frames = np.zeros((0, 0), np.float32)

    @property
    def stop(self) -> int:
        """One past the last frame that is known."""
        return self.first + self._frames.shape[1]

    def begin(self, frame: int) -> None:
        """Go on at a later frame: those before it are not wanted."""
        if frame > self.stop:
            self.first, self._frames = frame, np.zeros((0, 0), np.float32)

    def wanted(self, samples: int, most: int) -> Wanted | None:
        """Return what the next frames need, of which one at least can be computed; None if none can.

        Args:
            samples: of the stream so far.
            most: frames to compute.
        """
        form = self._form
        available = (samples - form.right) // form.hop + 1 if samples >= form.right else 0
        available = min(available, self.stop + most)
        count = available - self.stop
        if count <= 0:
            return None
        first = max(0, self.stop - form.lead)
        stop = min((available - 1) * form.hop + form.right, samples)
        # A model that counts one frame per whole hop gets another hop, of zeros that no frame reads.
        return Wanted(first * form.hop, stop, self.stop - first, count, stop - first * form.hop + form.hop)

    def add(self, log_mel: NDArray[np.float32]) -> None:
        """Append frames (M, T)."""
        self._frames = np.concatenate([self._frames, log_mel], axis=1) if self._frames.size else log_mel

    def between(self, first: int, stop: int) -> NDArray[np.float32]:
        """Return frames (M, T)."""
        return self._frames[:, first - self.first : stop - self.first]

    def discard(self, before: int) -> None:
        """Forget the frames before one."""
        before = min(before, self.stop)
        if before > self.first:
            self._frames = self._frames[:, before - self.first :].copy()
            self.first = before
