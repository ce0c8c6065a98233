import numpy as np
import pytest

from tritone.synthesis.joining import FADE_S, join_utterances

RATE_HZ = 16_000
FADE = round(FADE_S * RATE_HZ)


def ones(samples, level=0.5):
    return np.full(samples, level, np.float32)


def test_lengths_are_exact():
    joined = join_utterances([ones(1000), ones(2000), ones(300)], [0.1, 0.25, 9.0], RATE_HZ)
    assert joined.size == 1000 + 1600 + 2000 + 4000 + 300
    assert joined.dtype == np.float32


def test_pauses_are_silent_and_the_middle_of_an_utterance_is_untouched():
    joined = join_utterances([ones(1000), ones(1000)], [0.1, 0.0], RATE_HZ)
    assert not joined[1000:2600].any()
    np.testing.assert_array_equal(joined[FADE : 1000 - FADE], ones(1000 - 2 * FADE))
    np.testing.assert_array_equal(joined[2600 + FADE : -FADE], ones(1000 - 2 * FADE))


def test_no_edge_clicks():
    joined = join_utterances([ones(1000, 1.0), ones(1000, -1.0)], [0.01, 0.0], RATE_HZ)
    steps = np.abs(np.diff(np.concatenate([[0], joined, [0]])))
    assert steps.max() < 2 / FADE


@pytest.mark.parametrize("samples", [0, 1, 2, 3, FADE, 2 * FADE - 1, 2 * FADE + 1])
def test_utterances_shorter_than_their_fades_survive(samples):
    joined = join_utterances([ones(samples), ones(500)], [0.0, 0.0], RATE_HZ)
    assert joined.size == samples + 500
    assert np.isfinite(joined).all()


def test_what_exceeds_full_scale_is_clipped():
    joined = join_utterances([ones(1000, 1.7)], [0.3], RATE_HZ)
    assert joined.size == 1000
    assert joined.max() == 1.0
