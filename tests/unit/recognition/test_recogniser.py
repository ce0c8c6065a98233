"""Recognition of what is spoken in a recording: frames and words in their places."""

import json

import numpy as np
import pytest

from tritone.errors import ArtifactError, ParameterError
from tritone.model_parameters import Parameters
from tritone.recognition.ctc import CtcDecoder
from tritone.recognition.frames import Frames
from tritone.recognition.labels import Labels
from tritone.recognition.parameters import vad_parameter
from tritone.recognition.recogniser import Recognizer, SpeechOnly
from tritone.recognition.stretches import Pauses
from tritone.recognition.voice_activity import Region
from tritone.recognition.windows import AcousticFrames, WindowedRecognizer

RATE, FRAME = 16_000, 320
BLANK = 4
LETTERS = Labels.letters([" ", "a", "b", "c"], BLANK)
PIECES = Labels.of(
    {
        "labels": ["ab", "c"],
        "blank_index": 2,
        "starts_word": [0],
        "joins_previous": [],
        "unknown": [],
        "bytes": [],
    }
)


class Given:
    """A detector that is told where speech is."""

    def __init__(self, *edges_s):
        self._regions = [Region(round(start * RATE), round(stop * RATE)) for start, stop in edges_s]

    def regions(self, samples, is_cancelled):
        return self._regions


def heard_levels(labels, levels):
    """An acoustic model that hears a label for each level of the samples, and its calls."""
    calls = []

    def acoustics(samples):
        calls.append(samples)
        frames = np.append(samples[::FRAME], samples[-1])[: samples.size // FRAME + 1]
        log_probs = np.full((frames.size, labels.size), -20, np.float32)
        log_probs[np.arange(frames.size), [levels[round(float(level), 3)] for level in frames]] = -0.01
        return Frames.best_of(log_probs, 2 if labels.are_pieces else 32)

    return acoustics, calls


def recogniser(labels, levels, *edges_s, rate=RATE, kept=32):
    acoustics, calls = heard_levels(labels, levels)
    timing = AcousticFrames(rate, FRAME * rate // RATE, labels)
    pauses = Pauses(padding=round(0.1 * RATE), longest=RATE)
    windows = WindowedRecognizer(timing, acoustics, 30, 4)
    return Recognizer(windows, SpeechOnly(Given(*edges_s), pauses, kept)), calls


def recording(duration_s, *parts):
    """Loud silence with some levels: (start, stop, level), seconds."""
    samples = np.full(round(duration_s * RATE), 0.5, np.float32)
    for start, stop, level in parts:
        samples[round(start * RATE) : round(stop * RATE)] = level
    return samples


LEVELS = {0.5: BLANK, 0.6: 1, 0.7: 2, 0.8: 3, 0.9: 0}


def test_words_have_the_times_of_the_recording():
    samples = recording(30, (5, 5.2, 0.6), (5.2, 5.4, 0.7), (20, 20.5, 0.8))
    recognizer, calls = recogniser(LETTERS, LEVELS, (5, 5.4), (20, 20.5))
    frames = recognizer.recognise(samples, only_speech=True)
    assert len(frames) == 1501
    words = CtcDecoder(LETTERS, 0.02, 0.5).decode(frames, 30)
    assert words.word == ("ab", "c")
    np.testing.assert_allclose(words.start_s, [5, 20], atol=0.021)
    np.testing.assert_allclose(words.end_s, [5.4, 20.5], atol=0.021)
    (call,) = calls  # both regions with their padding, put together since they are short
    assert call.size == pytest.approx((0.6 + 0.7) * RATE, abs=4 * FRAME)


def test_without_speech_the_network_is_not_asked_and_nothing_is_heard():
    recognizer, calls = recogniser(LETTERS, LEVELS)
    frames = recognizer.recognise(recording(10, (2, 3, 0.6)), only_speech=True)
    assert calls == []
    assert len(frames) == 501
    assert CtcDecoder(LETTERS, 0.02).decode(frames, 10).word == ()


@pytest.mark.parametrize("samples", [320, 321, 6_399, 6_400, 6_401])
def test_speech_from_end_to_end_is_heard_as_it_is_without_a_detector(samples):
    recognizer, _ = recogniser(LETTERS, LEVELS, (0, samples / RATE))
    audio = recording(samples / RATE, (0, 10, 0.6))
    whole, speech = (recognizer.recognise(audio, only_speech=flag) for flag in (False, True))
    np.testing.assert_array_equal(whole.log_probs, speech.log_probs[: len(whole)])


def test_words_on_both_sides_of_a_pause_do_not_grow_together():
    """Cut apart, the model hears no space; a beam search does not see the pause either."""
    edges = [(i * 10.0, i * 10 + 9.6) for i in range(4)]
    recognizer, calls = recogniser(LETTERS, LEVELS, *edges)
    frames = recognizer.recognise(recording(40, *((*edge, 0.6) for edge in edges)), only_speech=True)
    assert len(calls) == 2
    best, _ = frames.best()
    assert np.count_nonzero(best == LETTERS.space) == 1
    assert 980 <= int(np.argmax(best == LETTERS.space)) <= 2000


def test_a_space_that_the_model_wrote_is_not_doubled():
    edges = [(1, 2), (9, 10)]
    samples = recording(12, (1, 2, 0.6), (2, 2.05, 0.9), (9, 10, 0.6))
    recognizer, _ = recogniser(LETTERS, LEVELS, *edges)
    best, _ = recognizer.recognise(samples, only_speech=True).best()
    spaces = np.flatnonzero(best == LETTERS.space)
    assert spaces.max() < 110


def test_pieces_of_words_keep_their_labels():
    levels = {0.5: 2, 0.6: 0, 0.7: 1}
    recognizer, _ = recogniser(PIECES, levels, (5, 6), (20, 21), kept=2)
    samples = recording(30, (5, 5.2, 0.6), (5.5, 5.6, 0.7), (20, 20.5, 0.6))
    frames = recognizer.recognise(samples, only_speech=True)
    assert frames.log_probs.shape == frames.columns.shape == (1501, 2)
    assert CtcDecoder(PIECES, 0.02).decode(frames, 30).word == ("abc", "ab")


def test_times_hold_for_a_model_of_another_rate():
    recognizer, _ = recogniser(LETTERS, dict.fromkeys(LEVELS, 1), (5, 6), rate=8000)
    recognizer._windows._acoustics = lambda samples: Frames(
        np.log(np.tile(np.array([[0.01, 0.96, 0.01, 0.01, 0.01]], np.float32), (samples.size // 160 + 1, 1)))
    )
    frames = recognizer.recognise(recording(10), only_speech=True)
    words = CtcDecoder(LETTERS, 0.02).decode(frames, 10)
    np.testing.assert_allclose([words.start_s[0], words.end_s[0]], [4.9, 6.1], atol=0.03)


def test_quiet_recordings_are_amplified_only_where_speech_is_detected():
    samples = np.full(RATE, 0.001, np.float32)
    recognizer, calls = recogniser(LETTERS, {0.001: BLANK, 0.2: BLANK}, (0, 1))
    for flag in (False, True):
        recognizer.recognise(samples, only_speech=flag)
    assert [round(float(call.max()), 3) for call in calls] == [0.001, 0.2]


def test_speech_only_without_a_detector_is_refused():
    acoustics, _ = heard_levels(LETTERS, LEVELS)
    recognizer = Recognizer(WindowedRecognizer(AcousticFrames(RATE, FRAME, LETTERS), acoustics, 30, 4))
    with pytest.raises(
        ParameterError, match="vad: expected off, this recogniser has no voice_activity_model"
    ):
        recognizer.recognise(recording(1), only_speech=True)


def parameters(**entries):
    config = {"parameters": {name: {"string_value": value} for name, value in entries.items()}}
    return Parameters({"model_name": "asr_windows", "model_config": json.dumps(config)})


@pytest.mark.parametrize(
    ("entries", "default"),
    [
        ({"voice_activity_model": "voice_activity"}, "on"),
        ({"voice_activity_model": "voice_activity", "vad": "off"}, "off"),
        ({"vad": "off"}, "off"),
        ({}, "off"),
    ],
)
def test_config_decides_for_requests_that_do_not_say(entries, default):
    assert vad_parameter(parameters(**entries)).default == default


@pytest.mark.parametrize(
    "entries", [{"voice_activity_model": "voice_activity", "vad": "yes"}, {"vad": "on"}, {"vad": ""}]
)
def test_config_with_a_default_that_cannot_be_is_refused(entries):
    with pytest.raises(ArtifactError, match="model 'asr_windows', parameter vad: expected"):
        vad_parameter(parameters(**entries))
