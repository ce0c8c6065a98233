import numpy as np
import pytest

from tritone.synthesis.speed import change_speed


def ramp(frames):
    return np.arange(frames, dtype=np.float32)[np.newaxis] * np.array([[1.0], [-2.0]], np.float32)


@pytest.mark.parametrize("frames", [1, 2, 3, 100])
@pytest.mark.parametrize("speed", [0.5, 0.9, 1.0, 1.1, 2.0])
def test_length_follows_the_speed(frames, speed):
    stretched = change_speed(ramp(frames), speed)
    assert stretched.shape == (2, max(1, round(frames / speed)))
    assert stretched.dtype == np.float32


def test_speed_one_changes_nothing():
    mel = ramp(9)
    assert change_speed(mel, 1.0) is mel


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_time_runs_evenly_and_keeps_its_middle(speed):
    mel = ramp(101)
    stretched = change_speed(mel, speed)[0]
    inner = stretched[2:-2]
    np.testing.assert_allclose(np.diff(inner), 101 / stretched.size, rtol=1e-4)
    assert stretched.mean() == pytest.approx(50, abs=0.1)
    assert stretched.min() >= 0
    assert stretched.max() <= 100


def test_every_band_is_treated_alike():
    stretched = change_speed(ramp(40), 1.3)
    np.testing.assert_allclose(stretched[1], -2 * stretched[0], rtol=1e-5)
