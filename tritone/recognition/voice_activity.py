"""Find where somebody speaks in a recording: a network's probability of speech, turned into regions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..concurrency import Network
from ..contract import SAMPLE_RATE_HZ
from ..errors import ArtifactError, CancelledError

CHUNK_SAMPLES = 512  # 32 ms, for which the network gives one probability
CONTEXT_SAMPLES = 64  # before a chunk, that the network also sees
STATE_SHAPE = (2, 128)  # of its LSTM: output and cell
STRETCH_SAMPLES = 30 * SAMPLE_RATE_HZ // CHUNK_SAMPLES * CHUNK_SAMPLES  # given to the network at once

INPUTS = ("audio", "context", "state")
OUTPUTS = ("speech_probability", "next_context", "next_state")

HYSTERESIS = 0.15  # speech goes on until the probability is this far below the threshold
_SHORTEST_GAP_S = 0.3  # between regions
_LEVEL = 0.2  # RMS of the loudest chunk that quiet recordings are amplified to
_LARGEST_GAIN = 1000.0

# Edges are moved to where the sound begins and ends, since the network is some chunks late or early.
_EDGE_SAMPLES = SAMPLE_RATE_HZ // 50  # resolution of edges: 20 ms
_EDGE_DB = 30.0  # softer than this below the region's level does not count as its sound
_OUTWARD_S = 0.25
_INWARD_S = 0.1


@dataclass(frozen=True)
class Region:
    """A part of a recording in which somebody speaks."""

    start: int  # first sample
    stop: int  # one past the last sample


class VoiceActivityDetector:
    """Finds speech in recordings.

    Args:
        network: takes audio (1, N), context (1, 64) and state (1, 2, 128); returns speech_probability (1, C)
            of each chunk, and context and state for the samples that follow.
        threshold: probability from which on a chunk is taken for speech.

    Raises:
        ArtifactError: no such probability.
    """

    def __init__(self, network: Network, threshold: float) -> None:
        if not HYSTERESIS < threshold < 1:
            raise ArtifactError(
                f"vad_threshold: expected a probability above {HYSTERESIS:g} and below 1, got "
                f"{threshold:g}; correct the model's parameters."
            )
        self._network = network
        self._threshold = threshold

    def regions(
        self, samples: NDArray[np.float32], is_cancelled: Callable[[], bool] = lambda: False
    ) -> list[Region]:
        """Find the regions with speech.

        Args:
            samples: (N,) float32, 16 kHz mono, `amplified`.
            is_cancelled: checked before every stretch of 30 s.

        Returns:
            The regions in order, 0.3 s or more apart; none where nobody speaks.

        Raises:
            CancelledError: `is_cancelled` returned True.
        """
        probability = np.concatenate(list(self._probabilities(samples, is_cancelled)))
        spoken = runs(probability, self._threshold, self._threshold - HYSTERESIS)
        found = [Region(a * CHUNK_SAMPLES, min(b * CHUNK_SAMPLES, samples.size)) for a, b in spoken]
        return _joined(fit_edges(_joined(found), samples))

    def _probabilities(
        self, samples: NDArray[np.float32], is_cancelled: Callable[[], bool]
    ) -> Iterator[NDArray[np.float32]]:
        context = np.zeros((1, CONTEXT_SAMPLES), np.float32)
        state = np.zeros((1, *STATE_SHAPE), np.float32)
        for start in range(0, samples.size, STRETCH_SAMPLES):
            if is_cancelled():
                raise CancelledError("recognition was cancelled by the client")
            audio = samples[np.newaxis, start : start + STRETCH_SAMPLES]
            probability, context, state = self._network(audio, context, state)
            yield probability[0].copy()  # not a view of the server's memory


def amplified(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a quiet recording at an ordinary level, any other one as it is."""
    return at_ordinary_level(samples, loudness(samples))


def loudness(samples: NDArray[np.float32]) -> float:
    """Return the RMS of the loudest chunk of (N,) samples, one at least."""
    return float(np.sqrt(_power(samples, min(CHUNK_SAMPLES, samples.size)).max()))


def at_ordinary_level(samples: NDArray[np.float32], loudest: float) -> NDArray[np.float32]:
    """Return samples amplified as much as takes a chunk with an RMS of `loudest` to an ordinary level."""
    gain = _LEVEL / max(loudest, _LEVEL / _LARGEST_GAIN)
    return samples * np.float32(gain) if gain > 1 else samples


def runs(probability: NDArray[np.float32], on: float, off: float) -> list[tuple[int, int]]:
    """Return where speech starts (at or above `on`) and ends (below `off`), as chunks."""
    changes = np.where(probability >= on, 1, np.where(probability < off, 0, -1))
    known = np.maximum.accumulate(np.where(changes >= 0, np.arange(changes.size), -1))
    speech = np.where(known >= 0, changes[known], 0)  # between the thresholds: as before
    edges = np.flatnonzero(np.diff(np.concatenate(([0], speech, [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def fit_edges(regions: Sequence[Region], samples: NDArray[np.float32]) -> list[Region]:
    """Move the regions' edges to where their sound begins and ends, so that they do not depend on chunks.

    The same words, after more or less silence, then give the same region, to 20 ms.
    """
    if not regions:
        return []
    power_db = 10 * np.log10(_power(samples, _EDGE_SAMPLES) + 1e-12)
    outward, inward = (round(s * SAMPLE_RATE_HZ / _EDGE_SAMPLES) for s in (_OUTWARD_S, _INWARD_S))
    fitted = []
    for region in regions:
        first, last = region.start // _EDGE_SAMPLES, (region.stop - 1) // _EDGE_SAMPLES
        loud = power_db > np.quantile(power_db[first : last + 1], 0.9) - _EDGE_DB
        from_, to = max(0, first - outward), min(last, first + inward) + 1
        heard = np.flatnonzero(loud[from_:to])
        start = from_ + int(heard[0]) if heard.size else first
        from_, to = max(first, last - inward), last + outward + 1
        heard = np.flatnonzero(loud[from_:to])
        stop = (from_ + int(heard[-1]) if heard.size else last) + 1
        fitted.append(Region(start * _EDGE_SAMPLES, min(stop * _EDGE_SAMPLES, samples.size)))
    return fitted


def _power(samples: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Return the mean square of consecutive stretches; the last one may be shorter."""
    whole = samples[: samples.size // length * length].reshape(-1, length)
    power: NDArray[np.float32] = np.einsum("tn,tn->t", whole, whole) / np.float32(length)
    rest = samples[whole.size :]
    return np.append(power, np.mean(rest**2)) if rest.size else power


def _joined(regions: Sequence[Region]) -> list[Region]:
    """Join regions that are nearly one."""
    joined: list[Region] = []
    for region in regions:
        if joined and region.start - joined[-1].stop < _SHORTEST_GAP_S * SAMPLE_RATE_HZ:
            region = Region(joined[-1].start, max(joined[-1].stop, region.stop))
            joined.pop()
        joined.append(region)
    return joined
