"""The latest samples of a stream, addressed by their place in the stream."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 16_000  # samples of capacity


class SampleBuffer:
    """A growing buffer of samples whose beginning can be discarded.

    Appending and discarding take amortised time in proportion to the samples added.
    """

    def __init__(self) -> None:
        self.start = 0  # first sample that is kept, counted from the start of the stream
        self.stop = 0  # one past the last sample
        self._data = np.empty(_SMALLEST, np.float32)
        self._offset = 0  # of `start` in the data

    def append(self, samples: NDArray[np.float32]) -> None:
        """Add (N,) samples at the end."""
        used = self._offset + self.stop - self.start
        if used + samples.size > self._data.size:
            kept = self._data[self._offset : used]
            needed = kept.size + samples.size
            larger = np.empty(max(2 * needed, _SMALLEST), np.float32)
            larger[: kept.size] = kept
            self._data, self._offset, used = larger, 0, kept.size
        self._data[used : used + samples.size] = samples
        self.stop += samples.size

    def discard(self, before: int) -> None:
        """Forget the samples before a place in the stream."""
        before = min(before, self.stop)
        if before > self.start:
            self._offset += before - self.start
            self.start = before

    def between(self, first: int, stop: int) -> NDArray[np.float32]:
        """Return the samples from `first` to `stop`, a view that later calls overwrite.

        Raises:
            IndexError: they are not, or no longer, in the buffer.
        """
        if not self.start <= first <= stop <= self.stop:
            raise IndexError(f"samples {first} to {stop}, kept are {self.start} to {self.stop}")
        offset = self._offset - self.start
        return self._data[first + offset : stop + offset]
