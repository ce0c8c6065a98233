"""One stream: its samples, what has been recognised of them, and the segment that is being spoken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from ...contract import SAMPLE_RATE_HZ
from ..ctc import CtcDecoder
from .endpoints import Limits, end_of_segment
from .format import Context, StreamFormat
from .interim import Interim, InterimText
from .log_mels import LogMels
from .results import Segment, Update
from .samples import SampleBuffer
from .speech import Detector, SpeechTracker, earliest_start
from .statistics import RunningStatistics


@dataclass(frozen=True)
class StreamOptions:
    """What the request that starts a stream asks for."""

    stop_history_ms: int
    vad: bool
    interim: bool
    written: bool
    passed_on: Mapping[str, Any]  # request parameters of the final pass, as they were sent


class Stream:
    """The state of one stream.

    Args:
        form: of the recogniser's features and frames.
        context: that the network gets.
        decoder: of interim texts.
        options: of the client.
        limits: on segments.
        vad_threshold: probability of speech.
    """

    def __init__(
        self,
        form: StreamFormat,
        context: Context,
        decoder: CtcDecoder,
        options: StreamOptions,
        limits: Limits,
        vad_threshold: float,
    ) -> None:
        self.options = options
        self.form = form
        self.samples = SampleBuffer()
        self.detector = Detector()
        self.mels = LogMels(form)
        self.statistics = RunningStatistics(form.normalize, form.prior, form.feature_s)
        self.interim = Interim(decoder)
        stop = round(options.stop_history_ms * SAMPLE_RATE_HZ / 1000)
        self.tracker = SpeechTracker(vad_threshold, stop)
        self._limits = limits
        self._context = context
        self._processed = 0  # samples of the last update
        self._stepped = 0  # frames of features that the last call of the network had
        self._started = False  # speech, since the last response
        self._is_heard = False  # speech in this segment, without a detector
        self._resampler: soxr.ResampleStream | None = None
        self.audio = self.samples  # at the rate of the model
        if form.sample_rate_hz != SAMPLE_RATE_HZ:
            self._resampler = soxr.ResampleStream(SAMPLE_RATE_HZ, form.sample_rate_hz, 1, dtype="float32")
            self.audio = SampleBuffer()
        if not options.vad:
            self.tracker.open = 0

    def push(self, samples: NDArray[np.float32]) -> None:
        """Append (N,) samples at 16 kHz."""
        self.samples.append(samples)
        if self._resampler is not None:
            self.audio.append(self._resampler.resample_chunk(samples))

    @property
    def is_due(self) -> bool:
        """Whether there is enough audio for a step."""
        waiting_s = (self.samples.stop - self._processed) / SAMPLE_RATE_HZ
        return waiting_s >= self._context.step * self.form.feature_s

    def follow_speech(self, first: int, probabilities: NDArray[np.float32]) -> None:
        """Take the probabilities of speech from a sample on."""
        self._started |= self.tracker.hear(first, probabilities)

    def seek(self) -> bool:
        """Go to the beginning of the segment; return whether its interim text is needed.

        Without a detector of speech the text also shows where a segment ends.
        """
        if self.tracker.open is None or not (self.options.interim or not self.options.vad):
            return False
        frame = self._frame(self.tracker.open)
        self.mels.begin(frame * self.form.stride)
        self.interim.begin(frame)
        return True

    def add_features(self, log_mel: NDArray[np.float32]) -> None:
        """Append frames (M, T) of the log-mel features."""
        self.statistics.add(log_mel)
        self.mels.add(log_mel)

    def window(self) -> NDArray[np.float32] | None:
        """Return the normalised features (M, T) for the network's next call; None: nothing is new."""
        first = self._window_start
        if self.mels.stop <= max(self.interim.settled * self.form.stride, self._stepped):
            return None
        self._stepped = self.mels.stop
        return self.statistics.normalised(self.mels.between(first, self.mels.stop))

    def hear(self, log_probs: NDArray[np.float32]) -> None:
        """Take what the network says of the window: (T', V)."""
        stride = self.form.stride
        known = self.interim.settled - self._window_start // stride
        settled = (self.mels.stop - self._context.right) // stride - self.interim.settled
        self.interim.hear(log_probs[known:].copy(), max(0, settled))

    @property
    def _window_start(self) -> int:
        stride = self.form.stride
        first = max(self.mels.first, self.interim.settled * stride - self._context.left)
        return -(-first // stride) * stride

    def update(self, *, end: bool) -> Update:
        """Return the state after the samples so far, and end the segment if it has come to its end.

        Args:
            end: whether the stream ends here.
        """
        self._processed = self.samples.stop
        if not self.options.vad:
            is_heard = self.interim.content().size > 0
            self._started, self._is_heard = is_heard and not self._is_heard, is_heard
        segment = self._end_at_stop() if end else self._end_at_pause()
        self._forget()
        text = self.interim.text if self.tracker.open is not None and not end else InterimText()
        started, self._started = self._started, False
        return Update(self.samples.stop / SAMPLE_RATE_HZ, text, started, segment)

    def postpone(self) -> Update:
        """Return the state as it was after the last step, for a chunk that is not enough for another one."""
        text = self.interim.text if self.tracker.open is not None else InterimText()
        return Update(self._processed / SAMPLE_RATE_HZ, text, False)

    def _end_at_stop(self) -> Segment | None:
        if self.tracker.open is None:
            return None
        return self._segment(self.tracker.open, self.samples.stop)

    def _end_at_pause(self) -> Segment | None:
        tracker = self.tracker
        if tracker.open is None:
            return None
        content = (self.interim.content() + 1) * self._frame_samples
        now = min(self.samples.stop, int(self.interim.stop * self._frame_samples))
        cut = end_of_segment(tracker, content, now, self.samples.stop, self._limits, vad=self.options.vad)
        if cut is None:
            return None
        segment = self._segment(tracker.open, cut.end) if cut.is_final else None
        tracker.close(cut.end, cut.resumed)
        if not self.options.vad:
            tracker.open = cut.end
        self.interim.begin(self._frame(cut.end))
        return segment

    def _segment(self, start: int, stop: int) -> Segment:
        return Segment(start, stop, self.samples.between(start, stop).copy())

    @property
    def _frame_samples(self) -> float:
        """Samples at 16 kHz per frame of log-probabilities."""
        return self.form.frame_samples * SAMPLE_RATE_HZ / self.form.sample_rate_hz

    def _frame(self, sample: int) -> int:
        """Return the first frame that begins at or after a sample."""
        return int(-(-sample // self._frame_samples))

    def _forget(self) -> None:
        """Drop what neither the segment that is going on nor one that may begin next needs."""
        rate_hz = self.form.sample_rate_hz
        margin = -(-(self.form.lead + self.form.stride + 1) * self.form.hop * SAMPLE_RATE_HZ // rate_hz)
        earliest = earliest_start(self.detector.position) if self.tracker.open is None else self.tracker.open
        self.samples.discard(earliest - margin)
        if self.audio is not self.samples:
            self.audio.discard((earliest - margin) * rate_hz // SAMPLE_RATE_HZ)
        self.mels.discard(self.interim.settled * self.form.stride - self._context.left)
