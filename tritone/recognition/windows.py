"""Recognise recordings of any length in bounded memory, with overlapping windows that are joined at pauses.

Neighbouring windows share `overlap_s` of audio, so the frames around a seam have context on both sides in
at least one window. The seam is placed at a pause in both windows, so that no word is cut or duplicated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from ..contract import SAMPLE_RATE_HZ
from ..errors import ArtifactError, CancelledError
from ..sidecar import read_sidecar

Acoustics = Callable[[NDArray[np.float32]], NDArray[np.float32]]

_PAUSE_S = 0.2  # desired silence around a seam
_EDGE_S = 0.5  # frames closer to a window's end lack context


@dataclass(frozen=True)
class AcousticFrames:
    """Format of an acoustic model's output, as needed for joining."""

    sample_rate_hz: int  # of the model's input
    frame_samples: int  # audio samples per frame of log-probabilities: hop * stride
    silence: tuple[int, ...]  # indices of blank and space

    @classmethod
    def load(cls, path: Path) -> AcousticFrames:
        """Read `windows.json` as the exporter wrote it."""
        names = ("sample_rate_hz", "frame_samples", "labels", "blank_index")
        sample_rate_hz, frame_samples, labels, blank = read_sidecar(path, *names)
        silence = (blank, labels.index(" ")) if " " in labels else (blank,)
        return cls(sample_rate_hz, frame_samples, silence)

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


def seam(left: NDArray[np.float32], right: NDArray[np.float32], frames: AcousticFrames) -> int:
    """Choose where to switch from one window to the next.

    Args:
        left: (T, V) log-probabilities of the shared frames, from the earlier window.
        right: (T, V) the same frames from the later window.
        frames: format of the output.

    Returns:
        Frame from which `right` is used: the middle of the clearest pause, near the centre if
        several are equal.
    """
    length = min(len(left), len(right))
    silence = list(frames.silence)
    pause = np.logaddexp.reduce(left[:length, silence], axis=1) + np.logaddexp.reduce(
        right[:length, silence], axis=1
    )
    reach = max(1, round(_PAUSE_S / 2 / frames.frame_s))
    padded = np.pad(pause, reach, mode="edge")
    quietest = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=1)
    edge = min(round(_EDGE_S / frames.frame_s), (length - 1) // 2)
    inner = slice(edge, length - edge)
    off_centre = np.abs(np.arange(length) - length / 2) / length
    return edge + int(np.argmax((np.round(quietest, 1) - 0.1 * off_centre)[inner]))


def join_windows(
    windows: Iterable[tuple[Window, NDArray[np.float32]]], frames: AcousticFrames
) -> NDArray[np.float32]:
    """Join the log-probabilities of overlapping windows, given in order.

    Returns:
        (T, V) for the whole recording.
    """
    pieces: list[NDArray[np.float32]] = []
    tail: NDArray[np.float32] | None = None  # frames of the last window that may still be replaced
    tail_start = 0  # index of its first frame in the recording
    for window, log_probs in windows:
        start = window.start // frames.frame_samples
        if tail is not None:
            shared = tail[start - tail_start :]
            cut = seam(shared, log_probs, frames)
            pieces.append(tail[: start - tail_start + cut])
            log_probs, start = log_probs[cut:], start + cut
        tail, tail_start = log_probs, start
    if tail is not None:
        pieces.append(tail)
    return np.concatenate(pieces)


class WindowedRecognizer:
    """Runs an acoustic model over recordings of any length.

    Args:
        frames: format of the model's output.
        acoustics: (N,) samples at the model's rate to (T, V) log-probabilities.
        window_s: longest input of the model, seconds.
        overlap_s: audio that neighbouring windows share, seconds.
        ordered_map: like `map`, but may work ahead; bounds the number of windows in memory.
    """

    def __init__(
        self,
        frames: AcousticFrames,
        acoustics: Acoustics,
        window_s: float,
        overlap_s: float,
        ordered_map: Callable[..., Iterable[NDArray[np.float32]]] = map,
    ) -> None:
        if not 2 * _EDGE_S <= overlap_s < window_s:
            raise ArtifactError(
                f"overlap_s: expected {2 * _EDGE_S:g} s or more and less than window_s ({window_s:g} s), "
                f"got {overlap_s:g} s; correct the model's parameters."
            )
        self.frames = frames
        self._acoustics = acoustics
        self._window = round(window_s * frames.sample_rate_hz)
        self._overlap = round(overlap_s * frames.sample_rate_hz)
        self._map = ordered_map

    def log_probs(
        self, samples: NDArray[np.float32], is_cancelled: Callable[[], bool] = lambda: False
    ) -> NDArray[np.float32]:
        """Recognise a recording.

        Args:
            samples: (N,) float32, 16 kHz mono.
            is_cancelled: checked before every window.

        Returns:
            (T, V) log-probabilities.

        Raises:
            CancelledError: `is_cancelled` returned True.
        """

        def clips() -> Iterator[NDArray[np.float32]]:
            for window in windows:
                if is_cancelled():
                    raise CancelledError("recognition was cancelled by the client")
                yield samples[window.start : window.stop]

        if self.frames.sample_rate_hz != SAMPLE_RATE_HZ:
            samples = soxr.resample(samples, SAMPLE_RATE_HZ, self.frames.sample_rate_hz)
        windows = plan_windows(samples.size, self._window, self._overlap, self.frames.frame_samples)
        return join_windows(zip(windows, self._map(self._acoustics, clips()), strict=True), self.frames)
