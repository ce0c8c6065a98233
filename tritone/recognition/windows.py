"""Recognise recordings of any length in bounded memory, with overlapping windows that are joined at pauses.

Neighbouring windows share `overlap_s` of audio, so the frames around a seam have context on both sides in
at least one window. The seam is placed at a pause in both windows, so that no word is cut or duplicated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ArtifactError, CancelledError
from ..sidecar import read_sidecar
from .frames import Frames
from .labels import Labels
from .seams import EDGE_S, seam

Acoustics = Callable[[NDArray[np.float32]], Frames]


@dataclass(frozen=True)
class AcousticFrames:
    """Format of an acoustic model's output, as needed for joining."""

    sample_rate_hz: int  # of the model's input
    frame_samples: int  # audio samples per frame of log-probabilities: hop * stride
    labels: Labels

    @classmethod
    def load(cls, path: Path) -> AcousticFrames:
        """Read `windows.json` as the exporter wrote it."""
        sample_rate_hz, frame_samples = read_sidecar(path, "sample_rate_hz", "frame_samples")
        return cls(sample_rate_hz, frame_samples, Labels.load(path))

    @property
    def frame_s(self) -> float:
        """Seconds per frame."""
        return self.frame_samples / self.sample_rate_hz


@dataclass(frozen=True)
class Window:
    """A part of a recording."""

    start: int  # first sample, a multiple of frame_samples
    stop: int  # one past the last sample


def plan_windows(samples: int, window: int, overlap: int, frame_samples: int) -> list[Window]:
    """Cover `samples` with windows of about equal length, at most `window` long.

    Args:
        samples: length of the recording.
        window: longest window, in samples.
        overlap: minimum number of samples shared by neighbours.
        frame_samples: windows start at multiples of it, so that frames of neighbours coincide.

    Returns:
        The windows in order; one if the recording fits.
    """
    if samples <= window:
        return [Window(0, samples)]
    advance = (window - overlap) // frame_samples * frame_samples
    count = -(-(samples - overlap) // advance)
    even = -(-(samples - overlap) // (count * frame_samples)) * frame_samples
    return [Window(index * even, min(index * even + even + overlap, samples)) for index in range(count)]


def join_windows(windows: Iterable[tuple[Window, Frames]], frames: AcousticFrames) -> Frames:
    """Join what was heard in overlapping windows, given in order."""
    parts: list[Frames] = []
    tail: Frames | None = None  # frames of the last window that are not settled yet
    tail_start = 0  # their first frame, in the recording
    for window, heard in windows:
        start = window.start // frames.frame_samples
        if tail is not None:
            shared = tail[start - tail_start :]
            cut = seam(shared, heard, frames.labels, frames.frame_s)
            parts.append(tail[: start - tail_start + cut])
            heard, start = heard[cut:], start + cut
        tail, tail_start = heard, start
    if tail is not None:
        parts.append(tail)
    return Frames.join(parts)


class WindowedRecognizer:
    """Runs an acoustic model over recordings of any length.

    Args:
        frames: timing and silence of the model's output.
        acoustics: (N,) samples at the model's rate to what the model says of every frame.
        window_s: longest stretch given to the model at once, seconds.
        overlap_s: audio that neighbouring windows share, seconds.
        ordered_map: like `map`, but may work ahead; bounds the number of windows in memory.
    """

    def __init__(
        self,
        frames: AcousticFrames,
        acoustics: Acoustics,
        window_s: float,
        overlap_s: float,
        ordered_map: Callable[..., Iterable[Frames]] = map,
    ) -> None:
        if not 2 * EDGE_S <= overlap_s < window_s:
            raise ArtifactError(
                f"overlap_s: expected {2 * EDGE_S:g} s or more and less than window_s ({window_s:g} s), "
                f"got {overlap_s:g} s; correct the model's parameters."
            )
        self.frames = frames
        self.window_s = window_s
        self._acoustics = acoustics
        self._window = round(window_s * frames.sample_rate_hz)
        self._overlap = round(overlap_s * frames.sample_rate_hz)
        self._map = ordered_map

    def recognise(
        self,
        stretches: Iterable[NDArray[np.float32]],
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> Iterator[Frames]:
        """Recognise recordings, or parts of one, each by itself.

        Args:
            stretches: (N,) float32 each, at the model's rate.
            is_cancelled: checked before every window.

        Yields:
            What the model says of every frame of each.

        Raises:
            CancelledError: `is_cancelled` returned True.
        """
        plans: deque[list[Window]] = deque()

        def clips() -> Iterator[NDArray[np.float32]]:
            for samples in stretches:
                plans.append(
                    plan_windows(samples.size, self._window, self._overlap, self.frames.frame_samples)
                )
                for window in plans[-1]:
                    if is_cancelled():
                        raise CancelledError("recognition was cancelled by the client")
                    yield samples[window.start : window.stop]

        heard = iter(self._map(self._acoustics, clips()))
        for first in heard:
            yield join_windows(zip(plans.popleft(), chain([first], heard), strict=False), self.frames)
