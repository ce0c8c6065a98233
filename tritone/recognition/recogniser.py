"""Recognise recordings: the whole of each, or only what is spoken in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from ..contract import SAMPLE_RATE_HZ
from ..errors import ParameterError
from .frames import Frames
from .stretches import Pauses, plan_stretches
from .timeline import Timeline
from .voice_activity import VoiceActivityDetector, amplified
from .windows import AcousticFrames, WindowedRecognizer


@dataclass(frozen=True)
class SpeechOnly:
    """How the parts of a recording without speech are left out."""

    detector: VoiceActivityDetector
    pauses: Pauses
    labels_per_frame: int  # labels that the acoustic model's frames keep


class Recognizer:
    """Recordings of any length to labels with their log-probabilities, frame by frame.

    Args:
        windows: the acoustic model.
        speech_only: None for a recogniser without a detector of speech.
    """

    def __init__(self, windows: WindowedRecognizer, speech_only: SpeechOnly | None = None) -> None:
        self._windows = windows
        self._speech_only = speech_only

    @property
    def timing(self) -> AcousticFrames:
        """Rate of the acoustic model, and how long its frames are."""
        return self._windows.frames

    def recognise(
        self,
        samples: NDArray[np.float32],
        is_cancelled: Callable[[], bool] = lambda: False,
        *,
        only_speech: bool = False,
    ) -> Frames:
        """Recognise a recording.

        Args:
            samples: (N,) float32, 16 kHz mono.
            is_cancelled: checked before every call of a network.
            only_speech: recognise what is speech, and take the rest for silence; quiet recordings are
                amplified before.

        Returns:
            What the model says of every frame of the recording.

        Raises:
            CancelledError: `is_cancelled` returned True.
            ParameterError: only speech is wanted, and there is no detector.
        """
        if not only_speech:
            (frames,) = self._windows.recognise([self._resampled(samples)], is_cancelled)
            return frames
        if self._speech_only is None:
            raise ParameterError(
                "parameter vad: expected off, this recogniser has no voice_activity_model, got 'on'; omit it."
            )
        given, timing, step = self._speech_only, self.timing, self.timing.frame_samples
        samples = amplified(samples)
        audio = self._resampled(samples)
        regions = given.detector.regions(samples, is_cancelled)
        timeline = Timeline(timing.labels, given.labels_per_frame, audio.size // step + 1)
        stretches = plan_stretches(
            regions,
            len(timeline.frames),
            timing.frame_s * SAMPLE_RATE_HZ,
            self._windows.window_s * SAMPLE_RATE_HZ,
            given.pauses,
        )
        clips = (
            np.concatenate([audio[piece.start * step : piece.stop * step] for piece in stretch])
            for stretch in stretches
        )
        for stretch, heard in zip(stretches, self._windows.recognise(clips, is_cancelled), strict=True):
            timeline.place(heard, stretch)
        timeline.separate_words()
        return timeline.frames

    def _resampled(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.timing.sample_rate_hz == SAMPLE_RATE_HZ:
            return samples
        resampled: NDArray[np.float32] = soxr.resample(samples, SAMPLE_RATE_HZ, self.timing.sample_rate_hz)
        return resampled
