"""Speech to recognise: clips cut from the sample recordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from export.recognition.recordings import AUDIO_SUFFIXES
from perf.instruments.paths import RECORDINGS
from tritone.audio.decoding import decode_audio
from tritone.contract import SAMPLE_RATE_HZ

Clip = NDArray[np.float32]

CLIP_S = 10.0
SHORTEST_S, LONGEST_S = 0.5, 40.0  # of clips of mixed lengths; the longest take two windows


def speech() -> Clip:
    """Return (N,) float32, 16 kHz: all sample recordings one after the other."""
    return np.concatenate([decode_audio(file.read_bytes(), 600) for file in sample_recordings()])


def sample_recordings() -> list[Path]:
    """Return the files of the sample recordings, by name."""
    files = sorted(path for path in RECORDINGS.iterdir() if path.suffix in AUDIO_SUFFIXES)
    if not files:
        raise FileNotFoundError(f"{RECORDINGS}: expected sample recordings, found none; check the checkout.")
    return files


def equal_clips(count: int, seconds: float = CLIP_S) -> list[Clip]:
    """Cut `count` clips of equal length, spread evenly over the recordings; they may overlap."""
    whole, samples = speech(), round(seconds * SAMPLE_RATE_HZ)
    starts = np.linspace(0, whole.size - samples, count).astype(int)
    return [whole[start : start + samples] for start in starts]


def mixed_clips(seed: int = 0) -> Iterator[Clip]:
    """Yield clips of mixed lengths endlessly; the logarithm of the length is uniformly distributed."""
    return cut_mixed(speech(), seed)


def cut_mixed(whole: Clip, seed: int, longest_s: float = LONGEST_S) -> Iterator[Clip]:
    """Yield clips of mixed lengths, up to `longest_s` seconds, from one long recording, endlessly."""
    generator = np.random.default_rng(seed)
    while True:
        seconds = np.exp(generator.uniform(np.log(SHORTEST_S), np.log(longest_s)))
        samples = round(seconds * SAMPLE_RATE_HZ)
        start = generator.integers(whole.size - samples)
        yield whole[start : start + samples]
