"""text_to_speech on the real server: what holds for any voice that speaks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soxr
import tritonclient.grpc as triton
import tritonclient.http as triton_http

from training.scoring import edit_distance

from .conftest import batch, tensor, text

SENTENCE = "The birch canoe slid on the smooth planks."
TEXTS = [
    "Hello there.",
    "Yes, no. Maybe!",
    SENTENCE,
    "Glue the sheet to the dark blue background, and then let it dry for an hour or two.",
    "It's easy to tell the depth of a well. A chicken leg is a rare dish.\n\nRice is often served.",
]
ROUND_TRIP = [  # everyday words: a small recogniser is to judge the voice, not to be judged
    "The train leaves the station at seven in the morning.",
    "He looked at her for a long time without saying a word.",
    "The quick brown fox jumps over the lazy dog.",
    "My name is Mary and I live in London.",
]
WORDS_UNDERSTOOD = 0.7  # share that comes back through our own recogniser, which mishears people, too


@pytest.fixture(scope="module")
def speak(infer):
    """A function that speaks texts in one request and returns their samples."""

    def call(*texts, **parameters):
        return rows(infer("text_to_speech", parameters, text=text(*texts)))

    return call


@pytest.fixture(scope="module")
def rate_hz(infer):
    return int(infer("text_to_speech", {"seed": 1}, text=text("Hello."))["sample_rate_hz"][0, 0])


def rows(outputs):
    """The samples of every row, padding removed."""
    lengths = outputs["audio_length"][:, 0]
    return [row[:length] for row, length in zip(outputs["audio"], lengths, strict=True)]


def assert_equal(one, other):
    assert len(one) == len(other)
    for left, right in zip(one, other, strict=True):
        np.testing.assert_array_equal(left, right)


def test_samples_are_in_range_and_padding_is_silent(infer):
    outputs = infer("text_to_speech", {"seed": 1}, text=text(*TEXTS))
    rate_hz = outputs["sample_rate_hz"]
    assert rate_hz.shape == (len(TEXTS), 1)
    assert len(set(rate_hz[:, 0])) == 1
    assert 8000 <= rate_hz[0, 0] <= 48_000
    assert np.abs(outputs["audio"]).max() <= 1
    for row, length in zip(outputs["audio"], outputs["audio_length"][:, 0], strict=True):
        assert length > 0.1 * rate_hz[0, 0]
        assert row[:length].any()
        assert not row[length:].any()


def test_a_batch_equals_its_texts_one_by_one(speak):
    alone = [speak(one, seed=3)[0] for one in TEXTS]
    assert_equal(speak(*TEXTS, seed=3), alone)
    assert_equal(speak(*reversed(TEXTS), seed=3), alone[::-1])
    assert_equal(speak(*[SENTENCE] * 16, seed=3), [alone[TEXTS.index(SENTENCE)]] * 16)


def test_equal_seeds_give_equal_samples_over_both_protocols(server, speak):
    over_grpc = speak(SENTENCE, seed=2**63 - 1)
    with triton_http.InferenceServerClient(server.http_url) as client:
        for seed in (2**63 - 1, str(2**63 - 1)):
            result = client.infer(
                "text_to_speech", [tensor("text", text(SENTENCE), triton_http)], parameters={"seed": seed}
            )
            names = ("audio", "audio_length")
            assert_equal(rows({name: result.as_numpy(name) for name in names}), over_grpc)
    assert not np.array_equal(speak(SENTENCE, seed=1)[0], over_grpc[0])


def test_without_a_seed_the_noise_is_fresh(speak):
    audios = [*speak(SENTENCE), *speak(SENTENCE, SENTENCE)]
    assert len({audio.tobytes() for audio in audios}) == 3


def test_concurrent_requests_get_their_own_answers(server, speak):
    jobs = [(one, {"seed": seed}) for one in TEXTS for seed in (1, 2, 3)]
    alone = [speak(one, **parameters) for one, parameters in jobs]

    def call(job):
        one, parameters = job
        with triton.InferenceServerClient(server.grpc_url) as client:
            result = client.infer("text_to_speech", [tensor("text", text(one))], parameters=parameters)
        return rows({name: result.as_numpy(name) for name in ("audio", "audio_length")})

    with ThreadPoolExecutor(16) as threads:
        for answer, expected in zip(threads.map(call, jobs * 2), alone * 2, strict=True):
            assert_equal(answer, expected)


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.5, 2.0])
def test_speed_changes_the_length_and_not_the_pitch(speak, speed):
    """Played faster or slower, a recording's spectrum would move by the factor of the speed."""
    (usual,), (changed,) = speak(SENTENCE, seed=1), speak(SENTENCE, seed=1, speed=speed)
    assert changed.size == pytest.approx(usual.size / speed, rel=0.02)
    spectrum, moved = average_spectrum(usual), average_spectrum(changed)
    bins = np.arange(8, spectrum.size // 2)
    kept = np.corrcoef(moved[bins], spectrum[bins])[0, 1]
    played = np.corrcoef(moved[bins], np.interp(bins * speed, np.arange(spectrum.size), spectrum))[0, 1]
    assert kept > 0.95
    assert kept > played


def average_spectrum(samples):
    """Logarithm of the long-term average power spectrum, smoothed over 5 bins."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, 1024)[::256]
    power = np.square(np.abs(np.fft.rfft(frames * np.hanning(1024)))).mean(axis=0)
    return np.convolve(np.log(power + 1e-9), np.full(5, 0.2), "same")


def test_sigma_and_denoise_change_samples_but_not_lengths(speak):
    (usual,) = speak(SENTENCE, seed=1)
    for parameters in ({"sigma": 0.0}, {"sigma": "0.3"}, {"denoise": 0.1}, {"denoise": "1"}):
        (changed,) = speak(SENTENCE, seed=1, **parameters)
        assert changed.size == usual.size
        assert not np.array_equal(changed, usual)
    assert_equal(speak(SENTENCE, seed=1, denoise=0, speed=1), [usual])


def test_a_whole_number_is_as_good_as_a_decimal(speak):
    assert_equal(speak(SENTENCE, seed=1, sigma=1, speed=2), speak(SENTENCE, seed=1, sigma="1.0", speed=2.0))


def test_length_grows_with_the_text(speak):
    """Several seeds, for the voice takes a little more or less time for every sentence."""
    lengths = [
        sum(speak(" ".join([SENTENCE] * count), seed=seed)[0].size for seed in (1, 2))
        for count in (1, 2, 4, 8)
    ]
    per_sentence = np.array(lengths) / [1, 2, 4, 8]
    assert np.all(np.abs(per_sentence / per_sentence[-1] - 1) < 0.25)


def test_ten_thousand_characters_are_spoken(speak, rate_hz):
    long = " ".join([*TEXTS, "In 1999 we sold 2,500 of them."] * 60)[:10_000]
    (audio,) = speak(long, seed=1, speed=2.0)  # half of the vocoder's work
    assert audio.size > 60 * rate_hz
    assert np.isfinite(audio).all()


def test_what_is_said_is_understood(infer, speak, rate_hz):
    words, missed = 0, 0
    for sentence, audio in zip(ROUND_TRIP, speak(*ROUND_TRIP, seed=1), strict=True):
        samples = soxr.resample(audio, rate_hz, 16_000) if rate_hz != 16_000 else audio
        heard = infer("speech_to_text", **batch(samples))["transcript"][0, 0].decode().split()
        said = sentence.lower().strip(".").split()
        words += len(said)
        missed += edit_distance(said, heard)
    assert missed <= (1 - WORDS_UNDERSTOOD) * words


def test_alignment_and_gate_may_be_asked_for(infer, dropout_units):
    tokens = infer("tts_tokenizer", text=text(SENTENCE))
    length = tokens["symbols_length"][:, :1]
    symbols = tokens["symbols"][:, 0, : length[0, 0]]
    dropout = np.ones((1, 400, *dropout_units), np.float32)
    outputs = infer("tts_tacotron2", symbols=symbols, symbols_length=length, dropout=dropout)
    alignment, gate = outputs["alignment"][0], outputs["gate"][0]
    assert alignment.shape == (gate.size, symbols.shape[1])
    np.testing.assert_allclose(alignment.sum(axis=1), 1, atol=1e-4)
    assert np.all((gate >= 0) & (gate <= 1))


@pytest.fixture(scope="module")
def dropout_units(client):
    metadata = client.get_model_metadata("tts_tacotron2")
    return next(tuple(item.shape[2:]) for item in metadata.inputs if item.name == "dropout")
