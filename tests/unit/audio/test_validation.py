import numpy as np
import pytest

from tritone.audio.validation import valid_samples
from tritone.errors import AudioError

LONGEST_S = 10.0


def tone(samples, peak=0.5):
    return (peak * np.sin(np.arange(samples) / 7)).astype(np.float32)


@pytest.mark.parametrize("length", [320, 321, 400, 159 + 320, 160_000])
def test_lengths_within_the_limits_pass_unchanged(length):
    row = np.zeros(200_000, np.float32)
    row[:length] = tone(length)
    np.testing.assert_array_equal(valid_samples(row, length, LONGEST_S), row[:length])


@pytest.mark.parametrize(
    ("length", "says"),
    [
        (0, "got none"),
        (1, "at least 320 samples"),
        (319, "at least 320 samples"),
        (160_001, "at most 10 s"),
        (-1, "audio_length: expected 1 to 200000"),
        (200_001, "got 200001"),
    ],
)
def test_length_outside_the_limits_is_named(length, says):
    with pytest.raises(AudioError, match=says):
        valid_samples(tone(200_000), length, LONGEST_S)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_non_finite_sample_is_found_and_located(value):
    row = tone(16_000)
    row[1234] = value
    with pytest.raises(AudioError, match=r"1 of 16000 \(first at sample 1234\)"):
        valid_samples(row, row.size, LONGEST_S)


def test_non_finite_padding_is_ignored():
    row = tone(16_000)
    row[8000:] = np.nan
    assert valid_samples(row, 8000, LONGEST_S).size == 8000


def test_int16_values_sent_as_float_are_refused_with_the_factor():
    with pytest.raises(AudioError, match=r"\[-1, 1\].*32768 for int16"):
        valid_samples(tone(16_000, peak=9000), 16_000, LONGEST_S)


def test_slight_overshoot_of_decoders_is_tolerated():
    assert valid_samples(tone(16_000, peak=1.3), 16_000, LONGEST_S).size == 16_000


def test_huge_but_finite_samples_are_a_range_error_not_an_infinity():
    with pytest.raises(AudioError, match="peak of"):
        valid_samples(tone(16_000, peak=1e30), 16_000, LONGEST_S)
