"""Regions of speech from a network's probabilities, and their edges."""

import numpy as np
import pytest

from tritone.errors import ArtifactError, CancelledError
from tritone.recognition.voice_activity import (
    CHUNK_SAMPLES,
    CONTEXT_SAMPLES,
    STATE_SHAPE,
    STRETCH_SAMPLES,
    Region,
    VoiceActivityDetector,
    amplified,
    fit_edges,
    runs,
)

RATE = 16_000


def sound(*parts, seed=0):
    """Noise whose level changes: (seconds, RMS) each."""
    noise = np.random.default_rng(seed)
    levels = [np.full(round(seconds * RATE), level) for seconds, level in parts]
    return (noise.standard_normal(sum(map(len, levels))) * np.concatenate(levels)).astype(np.float32)


class Loud:
    """A network for which loud chunks are speech, as late as the real one; keeps what it was sent."""

    def __init__(self, late=2):
        self.sent = []
        self._late = late

    def __call__(self, audio, context, state):
        self.sent.append((audio.size, context.copy(), state.copy()))
        padded = np.pad(audio[0], (0, -audio.size % CHUNK_SAMPLES)).reshape(-1, CHUNK_SAMPLES)
        speech = np.sqrt(np.mean(padded**2, axis=1)) > 0.03
        late = np.concatenate([np.full(self._late, False), speech])[: speech.size]
        return [np.where(late, 0.9, 0.1)[None].astype(np.float32), audio[:, -CONTEXT_SAMPLES:], state + 1]


def found(samples, network=None):
    return VoiceActivityDetector(network or Loud(), 0.5).regions(samples)


def test_speech_starts_above_the_threshold_and_goes_on_until_well_below():
    probability = np.array([0.4, 0.6, 0.4, 0.36, 0.3, 0.45, 0.5, 0.2], np.float32)
    assert runs(probability, 0.5, 0.35) == [(1, 4), (6, 7)]


@pytest.mark.parametrize("probability", [[], [0.1], [0.49, 0.49]])
def test_without_speech_there_are_no_runs(probability):
    assert runs(np.array(probability, np.float32), 0.5, 0.35) == []


def test_speech_to_the_end_ends_with_the_recording():
    samples = sound((1.01, 0.1))
    assert found(samples, Loud(late=0)) == [Region(0, samples.size)]


def test_edges_are_where_the_sound_is_however_late_the_network():
    samples = sound((1.0, 0.001), (1.0, 0.1), (1.0, 0.001))
    for late in (0, 1, 2):
        (region,) = found(samples, Loud(late))
        assert abs(region.start - RATE) <= 320, late
        assert abs(region.stop - 2 * RATE) <= 320, late


@pytest.mark.parametrize("quiet_s", [0.0, 0.5, 7.0, 15.0, 61.3])
def test_quiet_before_speech_moves_its_region_and_nothing_else(quiet_s):
    speech = sound((0.4, 0.0005), (1.0, 0.1), (0.6, 0.0005), (2.0, 0.1), (0.4, 0.0005))
    quiet = sound((quiet_s, 0.001), seed=1)
    assert quiet.size % 320 == 0
    moved = [
        Region(region.start - quiet.size, region.stop - quiet.size)
        for region in found(np.concatenate([quiet, speech]))
    ]
    assert moved == found(speech)
    assert len(moved) == 2


def test_short_gaps_do_not_separate():
    assert len(found(sound((1, 0.1), (0.2, 0.0001), (1, 0.1)))) == 1
    assert len(found(sound((1, 0.1), (0.8, 0.0001), (1, 0.1)))) == 2


def test_noise_as_loud_as_speech_does_not_extend_regions_without_end():
    samples = np.abs(sound((5, 0.1)))
    (region,) = fit_edges([Region(2 * RATE, 3 * RATE)], samples)
    assert region.start >= 1.7 * RATE
    assert region.stop <= 3.3 * RATE


@pytest.mark.parametrize("size", [320, 511, 512, 513, STRETCH_SAMPLES, STRETCH_SAMPLES + 1])
def test_every_sample_is_seen_once_and_the_state_is_passed_on(size):
    network = Loud()
    found(np.full(size, 0.1, np.float32), network)
    assert sum(sent for sent, _, _ in network.sent) == size
    assert all(sent <= STRETCH_SAMPLES for sent, _, _ in network.sent)
    for index, (_, context, state) in enumerate(network.sent):
        assert context.shape == (1, CONTEXT_SAMPLES)
        np.testing.assert_array_equal(state, np.full((1, *STATE_SHAPE), index))
        np.testing.assert_array_equal(context, np.full_like(context, 0.1 if index else 0))


@pytest.mark.parametrize("threshold", [0.0, 0.15, 1.0, 50.0])
def test_threshold_that_is_no_probability_is_refused(threshold):
    with pytest.raises(ArtifactError, match=f"vad_threshold: expected a probability .*, got {threshold:g}"):
        VoiceActivityDetector(Loud(), threshold)


def test_cancelled_recording_is_not_looked_at_further():
    network = Loud()
    with pytest.raises(CancelledError):
        VoiceActivityDetector(network, 0.5).regions(
            np.zeros(3600 * RATE, np.float32), lambda: len(network.sent) == 3
        )
    assert len(network.sent) == 3


@pytest.mark.parametrize("level", [0.1, 0.01, 0.001])
def test_quiet_recordings_are_amplified_to_one_level(level):
    tone = np.sin(np.arange(RATE) / 9).astype(np.float32)
    np.testing.assert_allclose(amplified(tone * np.float32(level)), amplified(tone / 10), rtol=1e-3)


def test_loud_recordings_and_digital_silence_are_left_alone():
    loud = sound((1, 0.3))
    assert amplified(loud) is loud
    assert not amplified(np.zeros(320, np.float32)).any()
