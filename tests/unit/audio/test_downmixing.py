import numpy as np
import pytest

from tritone.audio.downmixing import mono

from .files import voice

VOICE = voice(2.0)
OTHER = voice(2.0, seed=3)[::-1].copy()


def channels(*rows):
    return np.stack(rows, axis=1).astype(np.float32)


@pytest.mark.parametrize("share", [1.0, 0.9, 0.8])
def test_a_channel_that_cancels_the_other_out_is_left_out(share):
    np.testing.assert_array_equal(mono(channels(VOICE, -share * VOICE)), VOICE)


def test_channels_that_cancel_out_in_a_part_are_kept_throughout():
    half = VOICE.copy()
    half[16_384:] *= -1
    np.testing.assert_array_equal(mono(channels(VOICE, half)), VOICE)


def test_the_louder_channel_is_kept():
    quiet = np.float32(0.6) * VOICE
    mixed = mono(channels(quiet, -VOICE, 0.3 * VOICE))
    np.testing.assert_array_equal(mixed, -VOICE)


@pytest.mark.parametrize(
    "block",
    [
        channels(VOICE, VOICE),
        channels(VOICE, OTHER),
        channels(VOICE, 0 * VOICE),
        channels(0 * VOICE, VOICE),
        channels(VOICE, -0.4 * VOICE),
        channels(VOICE, 0.5 * OTHER - 0.5 * VOICE),
        channels(0 * VOICE, 0 * VOICE),
        channels(*[0 * VOICE] * 2, VOICE, *[0 * VOICE] * 3),
        channels(VOICE, OTHER, VOICE, 0 * VOICE, OTHER, VOICE),
    ],
    ids=[
        "same",
        "different",
        "left",
        "right",
        "weakly-inverted",
        "widened",
        "silent",
        "centre-of-5.1",
        "5.1",
    ],
)
def test_other_channels_are_averaged(block):
    np.testing.assert_array_equal(mono(block), block.mean(axis=1, dtype=np.float32))


def test_six_channels_of_which_pairs_cancel_out_keep_the_voice():
    mixed = mono(channels(VOICE, -VOICE, 0 * VOICE, 0 * VOICE, VOICE, -VOICE))
    np.testing.assert_array_equal(mixed, VOICE)


@pytest.mark.parametrize("frames", [1, 2, 8191, 8192, 8193, 20_000])
def test_any_number_of_frames_may_be_mixed(frames):
    assert mono(channels(VOICE[:frames], -VOICE[:frames])).tolist() == VOICE[:frames].tolist()


def test_one_channel_is_itself():
    np.testing.assert_array_equal(mono(VOICE[:, np.newaxis]), VOICE)
