import numpy as np
import pytest

from tritone.synthesis.noise import UtteranceNoise


def draws(noise):
    return noise.dropout(20, 2, 8, 0.5), noise.latent(30, 4, 1.0)


def test_equal_seeds_give_equal_noise():
    for one, other in zip(draws(UtteranceNoise(5, 3)), draws(UtteranceNoise(5, 3)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_seed_utterance_and_attempt_all_matter():
    keys = [(5, 3, 0), (6, 3, 0), (5, 4, 0), (5, 3, 1), (3, 5, 0), (5 + (3 << 32), 0, 0), (2**63 - 1, 3, 0)]
    for kind in (0, 1):
        distinct = {draws(UtteranceNoise(*key))[kind].tobytes() for key in keys}
        assert len(distinct) == len(keys)


def test_longer_noise_begins_like_shorter_noise():
    noise = UtteranceNoise(1, 0)
    np.testing.assert_array_equal(noise.dropout(50, 2, 8, 0.5)[:20], noise.dropout(20, 2, 8, 0.5))
    np.testing.assert_array_equal(noise.latent(50, 4, 1.0)[:, :20], noise.latent(20, 4, 1.0))


@pytest.mark.parametrize("probability", [0.0, 0.25, 0.5, 1.0])
def test_units_are_dropped_with_the_probability_asked_for(probability):
    kept = UtteranceNoise(0, 0).dropout(500, 2, 64, probability)
    assert kept.dtype == np.float32
    assert set(np.unique(kept)) <= {0, 1}
    assert abs((1 - kept.mean()) - probability) < 0.01


@pytest.mark.parametrize("sigma", [0.0, 0.6, 1.0])
def test_latent_noise_is_normal_with_the_deviation_asked_for(sigma):
    z = UtteranceNoise(0, 0).latent(5000, 16, sigma)
    assert (z.shape, z.dtype) == ((16, 5000), np.float32)
    assert abs(z.std() - sigma) < 0.01
    assert abs(z.mean()) < 0.01
    assert np.abs(np.corrcoef(z[0], z[1])[0, 1] if sigma else 0) < 0.05
