"""Where somebody speaks in a stream, chunk after chunk, and where a segment of it ends."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ...contract import SAMPLE_RATE_HZ
from ..voice_activity import (
    CHUNK_SAMPLES,
    CONTEXT_SAMPLES,
    HYSTERESIS,
    STATE_SHAPE,
    at_ordinary_level,
    loudness,
)

GRID = SAMPLE_RATE_HZ // 100  # segments begin and end at multiples of it: exact as float32 seconds for a day
BEFORE_SPEECH = SAMPLE_RATE_HZ // 2  # samples of a segment before its first speech
AFTER_SPEECH = 2 * SAMPLE_RATE_HZ // 5  # samples of a segment after its last speech
_FORGET_DB_PER_S = 0.5  # by which the loudest chunk so far counts less


def earliest_start(speech: int) -> int:
    """Return where a segment begins whose speech begins at a sample, unless another is in the way."""
    return (speech - BEFORE_SPEECH) // GRID * GRID


class Detector:
    """The state of the network that finds speech, for one stream."""

    def __init__(self) -> None:
        self.position = 0  # samples of the stream that it has heard
        self.context = np.zeros(CONTEXT_SAMPLES, np.float32)
        self.state = np.zeros(STATE_SHAPE, np.float32)
        self._loudest = 0.0  # RMS

    def prepared(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return samples (N,) as the network takes them: quiet streams are amplified."""
        fade = 10 ** (-_FORGET_DB_PER_S * samples.size / SAMPLE_RATE_HZ / 20)
        self._loudest = max(self._loudest * fade, loudness(samples))
        return at_ordinary_level(samples, self._loudest)

    def heard(self, samples: int, context: NDArray[np.float32], state: NDArray[np.float32]) -> None:
        """Take the network's state after further samples."""
        self.position += samples
        self.context, self.state = context.copy(), state.copy()


@dataclass(frozen=True)
class Endpoint:
    """A pause that is long enough to end a segment."""

    silence: int  # first sample after speech
    resumed: int | None  # first sample of speech after it, None while it lasts


@dataclass
class SpeechTracker:
    """The regions of speech of one stream; all places are samples since its start.

    Args:
        threshold: probability from which on a chunk is taken for speech.
        stop: samples of silence that end a segment.
    """

    threshold: float
    stop: int
    open: int | None = None  # first sample of the segment that is going on
    ended: int = 0  # one past the last sample of the segment before
    speaking: bool = False
    silence: int = 0  # where the last speech ended
    endpoint: Endpoint | None = None  # the last one since `begin_chunk`
    pauses: list[tuple[int, int]] = field(default_factory=list)  # between speech of the segment

    def hear(self, first: int, probabilities: NDArray[np.float32]) -> bool:
        """Follow further probabilities of speech, one per 32 ms.

        Args:
            first: sample at which they begin.
            probabilities: (C,).

        Returns:
            Whether a segment has been opened.
        """
        opened = False
        self.endpoint = None
        end = first
        for probability in probabilities.tolist():
            start, end = end, end + CHUNK_SAMPLES
            if probability >= self.threshold:
                if not self.speaking:
                    self.speaking = True
                    opened |= self._resume(start)
            elif self.speaking and probability < self.threshold - HYSTERESIS:
                self.speaking, self.silence = False, start
        if self.open is not None and not self.speaking and end - self.silence >= self.stop:
            self.endpoint = Endpoint(self.silence, None)
        return opened

    def _resume(self, start: int) -> bool:
        if self.open is None:
            self.open_at(start)
            return True
        self.pauses.append((self.silence, start))
        if start - self.silence >= self.stop:
            self.endpoint = Endpoint(self.silence, start)
            return True
        return False

    def open_at(self, speech: int) -> None:
        """Open a segment for speech that begins at a sample."""
        self.open = max(self.ended, earliest_start(speech))

    def end_of(self, endpoint: Endpoint) -> int:
        """Return where a segment ends that has an endpoint."""
        end = endpoint.silence + min(AFTER_SPEECH, self.stop)
        return max((self.open or 0) + GRID, end // GRID * GRID)

    def close(self, end: int, resumed: int | None) -> None:
        """End the segment at a sample; open the next one if somebody speaks, or has spoken since."""
        self.open, self.ended, self.endpoint = None, end, None
        self.pauses = [pause for pause in self.pauses if pause[0] >= end]
        if resumed is not None:
            self.open_at(resumed)
        elif self.speaking:
            self.open = end
