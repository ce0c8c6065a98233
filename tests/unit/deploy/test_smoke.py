import numpy as np
import pytest

from deploy.smoke import SmokeTest, demo_recordings, is_audible


@pytest.mark.parametrize(
    "samples",
    [np.zeros(0), np.zeros(1000), np.full(1000, 1e-5), np.array([0.5, np.nan]), np.array([0.5, np.inf])],
    ids=["empty", "zeros", "inaudible", "not a number", "infinite"],
)
def test_invalid_or_silent_samples_are_not_audible(samples):
    assert not is_audible(samples.astype(np.float32))


def test_quiet_speech_is_audible():
    assert is_audible(np.array([0, 0.01, -0.01], np.float32))


def test_sample_recordings_exist():
    assert all(recording.is_file() for recording in SmokeTest(demo_recordings()).recordings)
