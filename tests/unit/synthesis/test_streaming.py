"""Chunks of speech against whole utterances, with networks whose frames depend on their neighbours."""

import threading
import time

import numpy as np
import pytest

from tritone.errors import CancelledError, TextError
from tritone.synthesis.autoregressive import AutoregressiveDecoder
from tritone.synthesis.chunks import FIRST_CHUNK_FRAMES, LARGEST_CHUNK_FRAMES, chunk_borders, opening_steps
from tritone.synthesis.denoising import Denoiser, hann_window
from tritone.synthesis.limits import DurationLimit
from tritone.synthesis.parallel import ParallelSpectrograms
from tritone.synthesis.parameters import SynthesisParameters
from tritone.synthesis.speech import SpeechSynthesizer
from tritone.synthesis.streaming import StreamingSynthesizer
from tritone.synthesis.utterances import Utterance
from tritone.synthesis.vocoding import Vocoder

ENDLESS = 666  # a symbol for which decoding does not end, unless the noise says otherwise
FRAMES_PER_SYMBOL = 4


class Networks:
    """Decoding accumulates noise step by step and is smoothed over 2 frames on each side; audio over 3."""

    def __init__(self, ends_endless=lambda dropout: False):
        self.steps = []  # most steps of each decoder call
        self.vocoded = []  # frames of each vocoder call
        self._ends_endless = ends_endless
        self.denoiser = Denoiser(np.full(513, 0.5, np.float32), 256, hann_window(800, 1024))

    def decode(self, symbols, symbols_length, dropout):
        self.steps.append(dropout.shape[1])
        limit = dropout.shape[1] * 2
        lengths = np.minimum(symbols_length * FRAMES_PER_SYMBOL, limit)
        for row in range(len(symbols)):
            if ENDLESS in symbols[row] and not self._ends_endless(dropout[row]):
                lengths[row] = limit
        mel = np.full((len(symbols), 8, lengths.max() + 3), np.nan, np.float32)
        for row, length in enumerate(lengths[:, 0]):
            state = np.cumsum(dropout[row].mean(axis=(1, 2)) - 0.5) + symbols[row, 0] / 1000
            frames = np.repeat(state, 2)[:length]
            mel[row, :, :length] = smoothed(frames, 2)
        return [mel, lengths]

    def compute(self, symbols, symbols_length, pace, pitch, speaker):
        lengths = np.round(symbols_length * FRAMES_PER_SYMBOL / pace).astype(np.int64)
        mel = np.zeros((len(symbols), 8, lengths.max()), np.float32)
        for row, length in enumerate(lengths[:, 0]):
            mel[row, :, :length] = np.sin(np.arange(length) * (0.3 + symbols[row, 0] / 50))
        return [mel, lengths]

    def vocode(self, mel, mel_length, z=None):
        frames = mel_length.item()
        self.vocoded.append(frames)
        spoken = np.repeat(smoothed(mel[0, :, :frames].mean(axis=0), 3), 256)
        if z is not None:
            spoken = spoken + 0.1 * z[0, :, : frames * 16].T.reshape(-1)
        padding = np.zeros(mel.shape[2] * 256 - spoken.size)
        return [np.concatenate([spoken, padding]).astype(np.float32)[np.newaxis]]

    def denoise(self, audio, audio_length, strength):
        return [self.denoiser.denoise(audio[0], strength.item())[np.newaxis]]


def smoothed(values, context):
    padded = np.pad(values, context)
    return sum(padded[shift : shift + len(values)] for shift in range(2 * context + 1)) / (2 * context + 1)


@pytest.fixture
def pair_of(voice, parallel_voice):
    """A synthesizer of whole texts and one of chunks, of the same voice."""

    def build(networks=None, parallel=False, frames_bucket=1, ahead=2):
        networks = networks or Networks()
        limit = DurationLimit(1.0, 0.2)
        if parallel:
            used = parallel_voice
            spectrograms = ParallelSpectrograms(used, used.spectrograms, networks.compute, limit, 8)
            vocoder = Vocoder(used, networks.vocode, None, frames_bucket)
        else:
            used = voice
            spectrograms = AutoregressiveDecoder(used, used.spectrograms, networks.decode, limit, 8)
            vocoder = Vocoder(used, networks.vocode, networks.denoise, frames_bucket)
        whole = SpeechSynthesizer(spectrograms, vocoder, 3)
        return whole, StreamingSynthesizer(spectrograms, vocoder, 3, streams=2, utterances_ahead=ahead)

    return build


def text(*lengths, first=1):
    return [
        Utterance(0, number, np.full(length, first + number, np.int64), 0.1 + 0.05 * number)
        for number, length in enumerate(lengths)
    ]


def chunks_of(streaming, utterances, is_cancelled=lambda: False, **parameters):
    return list(streaming.start(SynthesisParameters(**parameters), is_cancelled).speak(utterances))


LENGTHS = [(1,), (4,), (5,), (30,), (200,), (3, 40, 7, 90, 2, 2, 60, 11, 80), (90, 1, 1, 1), (25, 150)]


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize(
    "asked", [{}, {"denoise": 0.4}, {"speed": 1.3}, {"sigma": 0.3, "speed": 0.6}], ids=str
)
def test_chunks_join_to_the_whole_sample_for_sample(pair_of, lengths, asked):
    whole, streaming = pair_of()
    chunks = chunks_of(streaming, text(*lengths), seed=5, **asked)
    (expected,) = whole.speak([text(*lengths)], SynthesisParameters(seed=5, **asked))
    np.testing.assert_array_equal(np.concatenate(chunks), expected)


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
def test_chunks_of_a_voice_without_steps_and_noise_join_to_the_whole(pair_of, lengths):
    whole, streaming = pair_of(parallel=True)
    for speed in (1.0, 0.7):
        chunks = chunks_of(streaming, text(*lengths), speed=speed)
        (expected,) = whole.speak([text(*lengths)], SynthesisParameters(speed=speed))
        np.testing.assert_array_equal(np.concatenate(chunks), expected)


def test_padding_of_frames_changes_nothing(pair_of):
    plain, padded = (chunks_of(pair_of(frames_bucket=size)[1], text(60, 30), seed=5) for size in (1, 32))
    for one, other in zip(plain, padded, strict=True):
        np.testing.assert_array_equal(one, other)


def test_utterances_that_come_one_by_one_continue_the_text(pair_of):
    whole, streaming = pair_of()
    utterances = text(30, 9, 50, 4)
    stream = streaming.start(SynthesisParameters(seed=5), lambda: False)
    chunks = [
        chunk
        for part in (utterances[:1], [], utterances[1:3], utterances[3:])
        for chunk in stream.speak(part)
    ]
    (expected,) = whole.speak([utterances], SynthesisParameters(seed=5))
    np.testing.assert_array_equal(np.concatenate(chunks), expected)


def test_the_first_chunk_needs_only_the_first_steps(pair_of, voice):
    networks = Networks()
    chunks = chunks_of(pair_of(networks)[1], text(150), seed=5)
    assert networks.steps[0] == opening_steps(voice) < networks.steps[1] / 10
    assert [chunk.size // 256 for chunk in chunks][:4] == [16, 32, 64, 128]


def test_chunks_never_exceed_the_largest_by_more_than_a_first_one(pair_of):
    chunks = chunks_of(pair_of()[1], text(220, 220), seed=5)
    assert (
        max(chunk.size for chunk in chunks) < (LARGEST_CHUNK_FRAMES + FIRST_CHUNK_FRAMES) * 256 + 0.2 * 16_000
    )


@pytest.mark.parametrize("frames", [*range(1, 70), 255, 256, 257, 271, 272, 273, 1000])
def test_borders_cover_an_utterance_and_leave_no_short_rest(frames):
    borders = list(chunk_borders(frames, FIRST_CHUNK_FRAMES))
    assert [start for start, _ in borders] == [0, *(stop for _, stop in borders[:-1])]
    assert borders[-1][1] == frames
    if frames >= FIRST_CHUNK_FRAMES:
        assert min(stop - start for start, stop in borders) >= FIRST_CHUNK_FRAMES


def test_a_second_attempt_goes_on_from_the_beginning_that_was_sent(pair_of, voice):
    steps = opening_steps(voice)
    firsts = []

    def ends(dropout):
        firsts.append(dropout[:steps].copy())
        return len(dropout) > steps and len(firsts) > 2  # of the beginning, the first attempt, the second

    endless = [Utterance(0, 0, np.array([5] * 30 + [ENDLESS]), 0.0)]
    chunks = chunks_of(pair_of(Networks(ends))[1], endless, seed=5)
    assert len(firsts) == 3
    np.testing.assert_array_equal(firsts[2], firsts[0])
    firsts.append(None)  # now the whole: ends in its first attempt where the noise is the second's
    attempts = []
    whole, _ = pair_of(Networks(lambda dropout: attempts.append(dropout) or len(attempts) > 1))
    (expected,) = whole.speak([endless], SynthesisParameters(seed=5))
    assert not np.array_equal(attempts[0], attempts[1])
    np.testing.assert_array_equal(np.concatenate(chunks), expected)


def test_an_utterance_that_never_ends_is_refused_as_in_the_whole(pair_of):
    whole, streaming = pair_of()
    endless = [Utterance(0, 0, np.array([ENDLESS] * 9), 0.0)]
    with pytest.raises(TextError, match="did not end in 2 attempts"):
        chunks_of(streaming, endless, seed=1)
    with pytest.raises(TextError, match="did not end in 2 attempts"):
        whole.speak([endless], SynthesisParameters(seed=1))


def test_samples_that_are_not_finite_are_refused(pair_of):
    networks = Networks()
    networks.vocode = lambda mel, mel_length, z: [np.full((1, mel.shape[2] * 256), np.nan, np.float32)]
    _, streaming = pair_of(networks)
    with pytest.raises(TextError, match="expected finite samples"):
        chunks_of(streaming, text(40), seed=1)


@pytest.mark.parametrize("taken", [1, 2, 6])
def test_no_network_runs_after_a_cancellation(pair_of, taken):
    networks, cancelled = Networks(), threading.Event()
    stream = pair_of(networks)[1].start(SynthesisParameters(seed=1), cancelled.is_set)
    chunks = stream.speak(text(*[60] * 40))
    for _ in range(taken):
        next(chunks)
    cancelled.set()
    with pytest.raises(CancelledError):
        for _ in chunks:
            pass
    time.sleep(0.2)
    calls = len(networks.vocoded), len(networks.steps)
    assert calls[0] < 20
    time.sleep(0.2)
    assert (len(networks.vocoded), len(networks.steps)) == calls


def test_a_reader_that_stops_holds_work_back(pair_of):
    networks = Networks()
    chunks = (
        pair_of(networks, ahead=2)[1]
        .start(SynthesisParameters(seed=1), lambda: False)
        .speak(text(*[60] * 40))
    )
    for _ in range(6):  # beyond the first utterance
        next(chunks)
    time.sleep(0.3)
    assert len(networks.vocoded) <= 6 + 2
    chunks.close()


def test_without_a_seed_every_stream_has_noise_of_its_own(pair_of):
    streams = [np.concatenate(chunks_of(pair_of()[1], text(20, 20))) for _ in range(2)]
    assert not np.array_equal(*streams)
