"""The parts of a stream: samples, statistics, features, interim texts."""

import numpy as np
import pytest

from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.labels import Labels
from tritone.recognition.streaming.format import StreamFormat
from tritone.recognition.streaming.interim import Interim
from tritone.recognition.streaming.log_mels import LogMels
from tritone.recognition.streaming.samples import SampleBuffer
from tritone.recognition.streaming.statistics import Prior, RunningStatistics

from .networks import BLANK, FORM, HOP, LETTERS, Ears

GENERATOR = np.random.default_rng(0)


def test_samples_are_found_by_their_place_in_the_stream_whatever_was_discarded():
    whole = GENERATOR.standard_normal(200_000).astype(np.float32)
    buffer, at = SampleBuffer(), 0
    for length in [1, 0, 15_999, 16_000, 5_120, 100_000, 3]:
        buffer.append(whole[at : at + length])
        at += length
        assert (buffer.start, buffer.stop) == (max(0, buffer.start), at)
        np.testing.assert_array_equal(buffer.between(buffer.start, at), whole[buffer.start : at])
        buffer.discard(at - 4_000)
    assert buffer.start == at - 4_000
    with pytest.raises(IndexError):
        buffer.between(at - 4_001, at)


def test_memory_of_samples_stays_bounded():
    buffer = SampleBuffer()
    for _ in range(2_000):
        buffer.append(np.zeros(5_120, np.float32))
        buffer.discard(buffer.stop - 16_000)
    assert buffer._data.size < 200_000


@pytest.mark.parametrize("normalize", ["per_feature", "all_features"])
def test_statistics_of_much_speech_are_those_of_the_whole(normalize):
    log_mel = GENERATOR.normal(-8, 3, (6, 2_500)).astype(np.float32) * np.arange(1, 7)[:, None]
    running = RunningStatistics(normalize, Prior.of(log_mel + 5), 0.01)
    for part in np.split(log_mel, 25, axis=1):
        running.add(part)
    axes = 1 if normalize == "per_feature" else None
    mean, std = log_mel.mean(axes, keepdims=True), log_mel.std(axes, keepdims=True)
    np.testing.assert_allclose(running.normalised(log_mel), (log_mel - mean) / std, atol=0.1)


def test_the_prior_follows_the_level_of_the_speaker():
    """A second into a stream the statistics are nearly those of other speech, as loud as this one."""
    speech = GENERATOR.normal(0, 2, (6, 3_000)) + np.arange(6)[:, None]
    prior = Prior.of(speech)
    heard = speech[:, :30].astype(np.float32) - 7  # softer
    running = RunningStatistics("per_feature", prior, 0.01)
    running.add(heard)
    alone = RunningStatistics("per_feature", None, 0.01)
    alone.add(heard)
    expected = (heard + 7 - speech.mean(1, keepdims=True)) / speech.std(1, keepdims=True)
    assert (
        np.abs(running.normalised(heard) - expected).mean()
        < np.abs(alone.normalised(heard) - expected).mean()
    )
    np.testing.assert_allclose(running.normalised(heard), expected, atol=0.6)


def test_a_prior_survives_its_sidecar():
    prior = Prior.of(GENERATOR.normal(-8, 3, (6, 100)))
    read = Prior.read(prior.fields)
    np.testing.assert_allclose(read.mean, prior.mean, atol=1e-4)
    np.testing.assert_allclose(read.std, prior.std, atol=1e-4)
    assert Prior.read(None) is None


def test_a_new_speaker_replaces_the_old_one():
    running = RunningStatistics("per_feature", None, 0.01)
    running.add(np.full((2, 6_000), -3.0, np.float32))
    for _ in range(12):
        running.add(GENERATOR.normal(5, 1, (2, 1_000)).astype(np.float32))
    assert np.abs(running.normalised(np.full((2, 1), 5.0, np.float32))).max() < 0.5


def test_features_that_are_not_normalised_stay_as_they_are():
    running = RunningStatistics(None, None, 0.01)
    log_mel = np.ones((2, 3), np.float32)
    running.add(log_mel)
    np.testing.assert_array_equal(running.normalised(log_mel), log_mel)


@pytest.mark.parametrize("chunk", [1, HOP - 1, HOP, HOP + 1, 999, 5_120])
@pytest.mark.parametrize("extra", [0, 1], ids=["whole hops", "one more frame"])
def test_features_of_chunks_are_those_of_the_whole(chunk, extra):
    """Also with a front end that counts no frame for the last hop."""
    form = StreamFormat(16_000, HOP, 2, HOP, HOP, None, None)
    ears = Ears()

    def front_end(audio):
        (log_mel,) = ears.features(audio[None], None)
        return log_mel[0][:, : audio.size // HOP + extra]

    audio = GENERATOR.standard_normal(20_000).astype(np.float32)
    whole, mels, found = ears.features(audio[None], None)[0][0], LogMels(form), []
    for stop in [*range(chunk, audio.size, chunk), audio.size]:
        want = mels.wanted(stop, 10_000)
        if want is None:
            continue
        given = np.zeros(want.samples, np.float32)
        given[: want.stop - want.start] = audio[want.start : want.stop]
        found.append(front_end(given)[:, want.skip : want.skip + want.count])
        mels.add(found[-1])
    frames = np.concatenate(found, axis=1)
    assert frames.shape[1] == (audio.size - HOP) // HOP + 1
    np.testing.assert_allclose(frames, whole[:, : frames.shape[1]], atol=1e-6)


def test_a_call_computes_at_most_so_many_frames():
    mels = LogMels(FORM)
    assert mels.wanted(100 * HOP, 30).count == 30
    assert mels.wanted(HOP - 1, 30) is None


def interim():
    return Interim(CtcDecoder(Labels.letters(LETTERS, BLANK), 0.02, 0.5))


def spelled(text):
    """Log-probabilities of frames, one per letter; "-" is the blank."""
    log_probs = np.full((len(text), BLANK + 1), -9.0, np.float32)
    for row, letter in zip(log_probs, text, strict=True):
        row[BLANK if letter == "-" else LETTERS.index(letter)] = -0.1
    return log_probs


def test_settled_frames_make_stable_characters_and_the_tail_does_not():
    text = interim()
    text.hear(spelled("aab-cd"), 4)
    assert (text.text.transcript, text.text.stable_characters) == ("abcd", 2)
    text.hear(spelled("gh--"), 2)
    assert (text.text.transcript, text.text.stable_characters) == ("abgh", 4)


def test_stable_characters_hold_for_any_frames_that_follow():
    generator = np.random.default_rng(1)
    for _ in range(50):
        text, stable = interim(), ""
        for _ in range(30):
            frames = "".join(generator.choice([*"ab -"], generator.integers(1, 12)))
            text.hear(spelled(frames), int(generator.integers(0, len(frames) + 1)))
            assert text.text.transcript.startswith(stable)
            stable = text.text.transcript[: text.text.stable_characters]


def test_half_a_character_of_utf8_is_not_stable():
    labels = Labels.of(
        {
            "labels": ["a", "", ""],
            "starts_word": [],
            "joins_previous": [],
            "unknown": [],
            "bytes": [[1, 0xC3], [2, 0xA9]],
            "blank_index": 3,
        }
    )
    text = Interim(CtcDecoder(labels, 0.02))
    log_probs = np.full((3, 4), -9.0, np.float32)
    log_probs[[0, 1, 2], [0, 1, 2]] = 0
    text.hear(log_probs[:2], 2)
    assert text.text.stable_characters == 1
    text.hear(log_probs[2:], 1)
    assert (text.text.transcript, text.text.stable_characters) == ("aé", 2)


def test_a_new_segment_keeps_what_was_heard_of_it():
    text = interim()
    text.hear(spelled("ab--cd"), 4)
    text.begin(4)
    assert text.text.transcript == "cd"
    assert text.settled == 4
    text.begin(2)  # not back to what is gone
    assert text.text.transcript == "cd"
    text.begin(40)
    assert (text.text.transcript, text.settled) == ("", 40)
    text.hear(spelled("a"), 1)
    assert text.content().tolist() == [40]
