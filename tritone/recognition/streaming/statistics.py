"""Normalisation of log-mel features from what a stream has said so far.

A recogniser is trained on features normalised over a whole utterance, of which a stream knows only the
beginning. Until enough has been heard, statistics of other speech, shifted to this speaker's level, stand in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PRIOR_S = 1.0  # of speech that the prior counts as
LEVEL_QUANTILE = 0.8  # of the frames' mean log-mel: the level of speech, whatever pauses there are
STD_GUARD = 1e-5  # added to the standard deviation, as the offline features do
_REMEMBERED_S = 30.0  # of features that statistics are taken over; older ones fade
_LEVEL_S = 10.0  # of features that the level is taken over
_SMALLEST_VARIANCE = 1e-8

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Prior:
    """Statistics of log-mel features of speech."""

    mean: Array  # (M,)
    std: Array  # (M,)
    level: float  # LEVEL_QUANTILE of the frames' means over the bands

    @classmethod
    def of(cls, log_mel: NDArray[Any]) -> Prior:
        """Take them from features (M, T)."""
        values = log_mel.astype(np.float64)
        return cls(values.mean(1), values.std(1), level_of(values.mean(0)))

    @classmethod
    def read(cls, fields: Mapping[str, Any] | None) -> Prior | None:
        """Return the prior that a sidecar holds, None if it holds none."""
        if not fields:
            return None
        return cls(np.array(fields["mean"]), np.array(fields["std"]), float(fields["level"]))

    @property
    def fields(self) -> dict[str, Any]:
        """What a sidecar holds of it."""
        mean, std = (np.round(values, 4).tolist() for values in (self.mean, self.std))
        return {"mean": mean, "std": std, "level": round(self.level, 4)}


def level_of(frame_means: NDArray[Any]) -> float:
    """Return the level of speech, given the mean log-mel (T,) of each frame."""
    return float(np.quantile(frame_means, LEVEL_QUANTILE))


class RunningStatistics:
    """Mean and deviation of the features of one stream.

    Args:
        normalize: per_feature, all_features (one mean for all bands) or None, as the checkpoint was trained.
        prior: of other speech; None: there is none.
        frame_s: seconds per frame of features.
    """

    def __init__(self, normalize: str | None, prior: Prior | None, frame_s: float) -> None:
        self._normalize = normalize
        self._prior = prior
        self._prior_frames = PRIOR_S / frame_s
        self._most = _REMEMBERED_S / frame_s
        self._level_frames = round(_LEVEL_S / frame_s)
        self._frames = 0.0
        self._sum: Array | float = 0.0
        self._squares: Array | float = 0.0
        self._levels = np.zeros(0)

    def add(self, log_mel: NDArray[np.float32]) -> None:
        """Take further features (M, T) into account."""
        if not self._normalize or not log_mel.shape[1]:
            return
        values = log_mel.astype(np.float64)
        self._sum = self._sum + values.sum(1)
        self._squares = self._squares + np.square(values).sum(1)
        self._frames += values.shape[1]
        if self._frames > self._most:
            fade = self._most / self._frames
            self._sum, self._squares, self._frames = self._sum * fade, self._squares * fade, self._most
        self._levels = np.concatenate([self._levels, values.mean(0)])[-self._level_frames :]

    def normalised(self, log_mel: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalise features (M, T) with the statistics of those added so far, one frame at least."""
        if not self._normalize:
            return log_mel
        mean = np.asarray(self._sum) / self._frames
        variance = np.maximum(np.asarray(self._squares) / self._frames - mean**2, _SMALLEST_VARIANCE)
        if self._prior is not None:
            shifted = self._prior.mean + (level_of(self._levels) - self._prior.level)
            mean, variance = _mixed(
                (self._prior_frames, shifted, self._prior.std**2), (self._frames, mean, variance)
            )
        if self._normalize == "all_features":
            overall = mean.mean()
            variance = np.full_like(variance, (variance + (mean - overall) ** 2).mean())
            mean = np.full_like(mean, overall)
        scale = 1 / (np.sqrt(variance) + STD_GUARD)
        normalised: NDArray[np.float32] = (log_mel - mean.astype(np.float32)[:, None]) * scale.astype(
            np.float32
        )[:, None]
        return normalised


def _mixed(*parts: tuple[float, Array, Array]) -> tuple[Array, Array]:
    """Return mean and variance of several sets of frames, given count, mean and variance of each."""
    total = sum(count for count, _, _ in parts)
    mean = sum((count / total * each for count, each, _ in parts), np.zeros(()))
    variance = sum(
        (count / total * (each + (middle - mean) ** 2) for count, middle, each in parts), np.zeros(())
    )
    return mean, variance
