"""Speech from utterances, with simple formulas as networks."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from tritone.concurrency import map_ahead
from tritone.errors import CancelledError, TextError
from tritone.synthesis.autoregressive import AutoregressiveDecoder
from tritone.synthesis.limits import DurationLimit
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.utterances import Utterance
from tritone.synthesis.vocoding import Vocoder

ENDLESS = 666  # a symbol for which decoding may not end
FRAMES_PER_SYMBOL = 4


class Networks:
    """Two frames per step, two steps per symbol; mel and samples carry symbols and noise."""

    def __init__(self, ends_endless=lambda dropout: False):
        self.batches = []
        self.vocoded = []
        self.strengths = []
        self._ends_endless = ends_endless

    def decode(self, symbols, symbols_length, dropout):
        self.batches.append(symbols.shape)
        limit = dropout.shape[1] * 2
        lengths = np.minimum(symbols_length * FRAMES_PER_SYMBOL, limit)
        for row in range(len(symbols)):
            if ENDLESS in symbols[row] and not self._ends_endless(dropout[row]):
                lengths[row] = limit
        mel = np.full((len(symbols), 8, lengths.max() + 3), np.nan, np.float32)
        for row, length in enumerate(lengths[:, 0]):
            mel[row, :, :length] = symbols[row, 0] / 1000 + dropout[row].mean()
        return [mel, lengths]

    def vocode(self, mel, mel_length, z):
        frames = mel.shape[2]
        self.vocoded.append(frames)
        assert z.shape == (1, 16, frames * 16)
        return [0.1 * np.repeat(mel.mean(axis=1), 256, axis=1) + 0.01 * z.transpose(0, 2, 1).reshape(1, -1)]

    def denoise(self, audio, audio_length, strength):
        self.strengths.append(strength.item())
        assert audio_length.item() == audio.shape[1]
        return [audio * 0]


@pytest.fixture
def synthesizer(voice):
    def build(networks=None, bucket=8, frames_bucket=1, per_batch=3, maps=()):
        networks = networks or Networks()
        limit = DurationLimit(1.0, 0.2)
        decoder = AutoregressiveDecoder(voice, voice.spectrograms, networks.decode, limit, bucket)
        vocoder = Vocoder(voice, networks.vocode, networks.denoise, frames_bucket)
        return SpeechSynthesizer(decoder, vocoder, per_batch, *maps)

    return build


def text(*lengths, row=0, first=1):
    return [
        Utterance(row, number, np.full(length, first + number, np.int64), 0.25)
        for number, length in enumerate(lengths)
    ]


def asked(**parameters):
    return SynthesisParameters(**parameters)


def test_length_is_that_of_all_utterances_and_the_pauses_between(synthesizer):
    (audio,) = synthesizer().speak([text(5, 9, 2)], asked(seed=1))
    assert audio.size == 16 * FRAMES_PER_SYMBOL * 256 + 2 * 4000


def test_equal_seeds_equal_samples_whatever_else_is_in_the_batch(synthesizer):
    alone = [synthesizer().speak([text(*lengths)], asked(seed=7))[0] for lengths in ([5, 9], [3, 4, 5], [9])]
    together = synthesizer(per_batch=4).speak(
        [text(5, 9), text(3, 4, 5, row=1), text(9, row=2)], asked(seed=7)
    )
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_working_ahead_in_threads_changes_nothing(synthesizer):
    texts = [text(*range(1, 20)), text(*range(30, 10, -1), row=1)]
    with ThreadPoolExecutor(4) as batches, ThreadPoolExecutor(8) as utterances:
        maps = partial(map_ahead, batches, 2), partial(map_ahead, utterances, 3)
        threaded = synthesizer(maps=maps).speak(texts, asked(seed=7))
    for one, other in zip(synthesizer().speak(texts, asked(seed=7)), threaded, strict=True):
        np.testing.assert_array_equal(one, other)


def test_padding_of_frames_changes_nothing(synthesizer):
    networks = Networks()
    padded = synthesizer(networks, frames_bucket=32).speak([text(5, 9)], asked(seed=7))[0]
    assert all(frames % 32 == 0 for frames in networks.vocoded)
    np.testing.assert_array_equal(padded, synthesizer().speak([text(5, 9)], asked(seed=7))[0])


def test_without_seed_every_text_and_every_request_has_fresh_noise(synthesizer):
    audios = [audio for _ in range(2) for audio in synthesizer().speak([text(9), text(9, row=1)], asked())]
    assert len({audio.tobytes() for audio in audios}) == 4


def test_utterances_of_equal_symbols_have_noise_of_their_own(synthesizer):
    twice = [Utterance(0, number, np.ones(5, np.int64), 0.0) for number in (0, 1)]
    first, second = np.split(synthesizer().speak([twice], asked(seed=1))[0], 2)
    assert not np.array_equal(first, second)


def test_utterances_alike_in_length_share_the_decoders_batches(synthesizer):
    networks = Networks()
    synthesizer(networks, bucket=8, per_batch=3).speak([text(3, 20, 8, 5), text(17, 6, row=1)], asked(seed=1))
    assert networks.batches == [(2, 24), (2, 8), (2, 8)]


@pytest.mark.parametrize("speed", [0.5, 0.8, 2.0])
def test_speed_changes_the_length(synthesizer, speed):
    (audio,) = synthesizer().speak([text(25)], asked(seed=1, speed=speed))
    assert audio.size == round(25 * FRAMES_PER_SYMBOL / speed) * 256


def test_sigma_scales_the_vocoders_noise(synthesizer):
    quiet = synthesizer().speak([text(20)], asked(seed=1, sigma=0))[0]
    louder = [synthesizer().speak([text(20)], asked(seed=1, sigma=sigma))[0] - quiet for sigma in (0.5, 1)]
    assert quiet[1000:2000].std() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(2 * louder[0], louder[1], atol=1e-6)


def test_denoiser_is_called_only_when_asked_for(synthesizer):
    networks = Networks()
    assert synthesizer(networks).speak([text(5)], asked(seed=1))[0].any()
    assert networks.strengths == []
    assert not synthesizer(networks).speak([text(5, 6)], asked(seed=1, denoise=0.25))[0].any()
    assert networks.strengths == [0.25, 0.25]


def endless(row=0):
    return [*text(5, row=row), Utterance(row, 1, np.array([ENDLESS, 1, 2]), 0.0)]


def test_utterance_that_does_not_end_is_tried_again_alone(synthesizer):
    attempts = []
    networks = Networks(ends_endless=lambda dropout: attempts.append(dropout) or len(attempts) == 2)
    (audio,) = synthesizer(networks).speak([endless()], asked(seed=1))
    assert networks.batches == [(2, 8), (1, 8)]
    assert not np.array_equal(*attempts)
    assert audio.size == 8 * FRAMES_PER_SYMBOL * 256 + 4000


def test_utterance_that_never_ends_is_named(synthesizer):
    with pytest.raises(TextError, match=r"text 2, utterance 2: expected its 3 symbols .* another seed"):
        synthesizer().speak([text(4), endless(row=1)], asked(seed=1))


@pytest.mark.parametrize("symbol", [-1, 1000, 2**40])
def test_symbols_that_the_voice_does_not_have_are_refused(synthesizer, symbol):
    utterance = Utterance(0, 2, np.array([1, symbol], np.int64), 0.0)
    with pytest.raises(TextError, match="text 1, utterance 3: expected symbols from 0 to 999, got"):
        synthesizer().speak([[utterance]], asked(seed=1))


def test_utterance_of_more_symbols_than_anybody_speaks_is_refused(synthesizer, voice):
    most = 2 * voice.spectrograms.max_decoder_steps
    with pytest.raises(
        TextError, match=rf"text 1, utterance 1: expected at most {most} symbols, .* {most + 1};"
    ):
        synthesizer().speak([text(most + 1, first=0)[:1]], asked(seed=1))


def test_utterance_without_a_frame_is_an_error_not_silence(synthesizer):
    networks = Networks()
    networks.decode = lambda symbols, lengths, dropout: [np.zeros((1, 8, 2), np.float32), lengths * 0]
    with pytest.raises(TextError, match=r"text 1, utterance 1: .* gave no frames"):
        synthesizer(networks).speak([text(4)], asked(seed=1))


def test_vocoder_that_leaves_the_range_of_numbers_is_an_error(synthesizer):
    networks = Networks()
    networks.vocode = lambda mel, mel_length, z: [np.full((1, mel.shape[2] * 256), np.inf, np.float32)]
    with pytest.raises(TextError, match="text 1, utterance 1: expected finite samples"):
        synthesizer(networks).speak([text(4)], asked(seed=1))


@pytest.mark.parametrize("after", [0, 1, 4])
def test_cancelled_speech_stops_between_utterances(synthesizer, after):
    networks = Networks()
    with pytest.raises(CancelledError):
        synthesizer(networks, per_batch=4).speak(
            [text(*[5] * 12)], asked(seed=1), lambda: len(networks.vocoded) >= after
        )
    assert len(networks.vocoded) == after
