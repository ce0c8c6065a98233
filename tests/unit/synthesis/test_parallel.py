"""Spectrograms in one pass, with a formula as the network."""

import numpy as np
import pytest

from tritone.errors import TextError
from tritone.synthesis.limits import DurationLimit
from tritone.synthesis.parallel import ParallelSpectrograms, inputs
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import Utterance
from tritone.synthesis.vocoding import Vocoder
from tritone.synthesis.voice import Parallel

FRAMES_PER_SYMBOL = 6


class Networks:
    """Frames carry the first symbol, the pitch and the speaker; samples the frames."""

    def __init__(self, frames_per_symbol=FRAMES_PER_SYMBOL):
        self.frames_per_symbol = frames_per_symbol
        self.shapes = []

    def compute(self, symbols, symbols_length, pace, pitch, speaker):
        self.shapes.append(symbols.shape)
        lengths = (symbols_length * self.frames_per_symbol / pace).astype(np.int64)
        mel = np.full((len(symbols), 8, max(1, lengths.max())), np.nan, np.float32)
        for row, length in enumerate(lengths[:, 0]):
            mel[row, :, :length] = symbols[row, 0] / 1000 + pitch[row, 0] + 10 * speaker[row, 0]
        return [mel, lengths]

    def vocode(self, mel, mel_length):
        return [np.repeat(mel.mean(axis=1) / 1000, 256, axis=1)]


@pytest.fixture
def spoken(parallel_voice):
    def speak(utterances, networks=None, **parameters):
        networks = networks or Networks()
        voice, settings, limit = parallel_voice, parallel_voice.spectrograms, DurationLimit(1.0, 0.2)
        spectrograms = ParallelSpectrograms(voice, settings, networks.compute, limit, 8)
        vocoder = Vocoder(voice, networks.vocode, None, 1)
        synthesizer = SpeechSynthesizer(spectrograms, vocoder, utterances_per_batch=4)
        (samples,) = synthesizer.speak([utterances], SynthesisParameters(**parameters))
        return samples

    return speak


def utterance(length, first=5, number=0):
    return Utterance(0, number, np.full(length, first, np.int64), 0.0)


@pytest.mark.parametrize("speed", [0.5, 1.0, 2.0])
def test_the_network_itself_speaks_faster_or_slower(spoken, speed):
    assert spoken([utterance(10)], speed=speed).size == 10 * FRAMES_PER_SYMBOL / speed * 256


def test_pitch_and_speaker_reach_the_network(spoken):
    usual, other = spoken([utterance(10)]), spoken([utterance(10)], pitch=1.5, speaker=2)
    np.testing.assert_allclose((other - usual)[1000:-1000], (1.5 + 20) / 1000, rtol=1e-5)


def test_a_text_is_always_spoken_alike(spoken):
    np.testing.assert_array_equal(spoken([utterance(10)]), spoken([utterance(10)]))


def test_a_network_of_one_speaker_is_given_none():
    assert inputs(Parallel(speakers=3))[-1] == "speaker"
    assert "speaker" not in inputs(Parallel(speakers=0))


def test_utterances_alike_in_length_share_a_batch(spoken):
    networks = Networks()
    spoken([utterance(length, number=number) for number, length in enumerate((3, 20, 8, 5))], networks)
    assert networks.shapes == [(1, 24), (3, 8)]


@pytest.mark.parametrize(("frames", "got"), [(0, "0.0 s"), (10_000, "800.0 s")])
def test_an_utterance_without_a_frame_or_with_far_too_many_is_named(spoken, frames, got):
    with pytest.raises(TextError, match=rf"text 1, utterance 1: .* to take up to 2\.6 s, got {got}"):
        spoken([utterance(5)], Networks(frames))


def test_symbols_that_the_voice_does_not_have_are_refused(spoken):
    with pytest.raises(TextError, match="expected symbols from 0 to 999, got 5 to 1000"):
        spoken([Utterance(0, 0, np.array([5, 1000]), 0.0)])


def test_more_symbols_than_memory_allows_are_refused(spoken):
    with pytest.raises(TextError, match="expected at most 1000 symbols"):
        spoken([utterance(1001)])
