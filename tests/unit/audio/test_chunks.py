"""Samples of chunks, in either of their two tensors."""

import numpy as np
import pytest

from tritone.audio.chunks import chunk_samples
from tritone.errors import AudioError

SECOND = np.linspace(-1, 1, 16_000, dtype=np.float32)[np.newaxis]


def test_both_tensors_hold_the_same_samples():
    integers = np.array([[-32768, -1, 0, 1, 32767]], np.int16)
    samples = chunk_samples(None, integers, 16_000, end=False)
    assert samples.dtype == np.float32
    np.testing.assert_array_equal(samples, (integers[0] / 32768).astype(np.float32))
    np.testing.assert_array_equal(chunk_samples(samples[np.newaxis], None, 16_000, end=False), samples)


def test_samples_are_copied_out_of_the_memory_of_the_request():
    sent = SECOND.copy()
    samples = chunk_samples(sent, None, 16_000, end=False)
    sent[:] = 7
    np.testing.assert_array_equal(samples, SECOND[0])


@pytest.mark.parametrize("samples", [np.zeros((1, 0), np.float32), None])
def test_only_the_last_chunk_may_be_empty(samples):
    assert chunk_samples(samples, None, 16_000, end=True).size == 0
    with pytest.raises(AudioError, match="audio: expected"):
        chunk_samples(samples, None, 16_000, end=False)


@pytest.mark.parametrize(
    ("audio", "pcm16", "says"),
    [
        (SECOND, SECOND.astype(np.int16), "audio: expected audio or audio_pcm16, got both; send one of them"),
        (np.full((1, 3), np.inf, np.float32), None, "audio: expected finite samples"),
        (SECOND * 32768, None, r"audio: expected samples in \[-1, 1\], got a peak of 32768"),
        (np.zeros((1, 16_001), np.float32), None, r"audio: expected at most 1 s in a chunk, got 1\.0 s"),
        (None, np.zeros((1, 24_000), np.int16), r"audio_pcm16: expected at most 1 s in a chunk, got 1\.5 s"),
        (np.zeros((2, 9), np.float32), None, r"audio: expected one stream in a request.*got \[2, 9\]"),
    ],
)
def test_a_broken_rule_is_named(audio, pcm16, says):
    with pytest.raises(AudioError, match=says):
        chunk_samples(audio, pcm16, 16_000, end=False)
