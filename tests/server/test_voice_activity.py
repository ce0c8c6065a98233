"""Recognition of speech only, on the real server: quiet, noise, pauses, and the switch that turns it off."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from training.scoring import WordErrors, edit_distance

from .conftest import RECORDINGS, batch, normalised, settled, tensor

RATE = 16_000
OFF, ON = {"vad": "off"}, {"vad": "on"}


def at(level_db, samples):
    """Scale to a level in dB of full scale (RMS)."""
    return (samples / np.sqrt(np.mean(samples**2)) * 10 ** (level_db / 20)).astype(np.float32)


def white(seconds, seed=0):
    return np.random.default_rng(seed).standard_normal(round(seconds * RATE))


def pink(seconds):
    spectrum = np.fft.rfft(white(seconds))
    return np.fft.irfft(spectrum / np.sqrt(np.maximum(1, np.arange(spectrum.size))), round(seconds * RATE))


def hum(seconds):
    time_s = np.arange(round(seconds * RATE)) / RATE
    return sum(np.sin(2 * np.pi * 50 * k * time_s + k) / k for k in range(1, 8))


NOISE = {"white": white, "pink": pink, "hum": hum}


def words_of(infer, samples, parameters=None):
    outputs = infer("speech_to_text", parameters, **batch(samples))
    words = [word.decode() for word in outputs["word"][0] if word]
    return words, outputs["word_start_s"][0][: len(words)], outputs["word_end_s"][0][: len(words)]


@pytest.fixture(scope="module")
def spoken(infer, recordings):
    """The words of every sample recording as it is, with their times."""
    return {name: words_of(infer, samples) for name, samples in recordings.items()}


@pytest.mark.parametrize("seed", [0, 1])
def test_quiet_before_speech_changes_no_word_and_only_moves_times(infer, recordings, spoken, seed):
    quiet = at(-60, white(15, seed))
    changed = 0
    for name, samples in recordings.items():
        words, start_s, end_s = words_of(infer, np.concatenate([quiet, samples]))
        if words != spoken[name][0]:  # the noise also lies over the edges of the speech
            changed += edit_distance(spoken[name][0], words)
            continue
        np.testing.assert_allclose(start_s - 15, spoken[name][1], atol=0.05, err_msg=name)
        np.testing.assert_allclose(end_s - 15, spoken[name][2], atol=0.05, err_msg=name)
    assert changed <= 0.01 * sum(len(words) for words, *_ in spoken.values())


@pytest.mark.parametrize("level_db", [-60, -40, -20])
@pytest.mark.parametrize("kind", NOISE)
def test_noise_alone_has_no_words(infer, kind, level_db):
    outputs = infer("speech_to_text", **batch(at(level_db, NOISE[kind](60))))
    assert outputs["transcript"][0, 0] == outputs["text"][0, 0] == b""
    assert outputs["word"].size == outputs["word_start_s"].size == 0


@pytest.mark.parametrize("samples", [320, 321, 8_000, 600_000])
def test_digital_silence_of_any_length_has_no_words(infer, samples):
    assert words_of(infer, np.zeros(samples, np.float32))[0] == []


def test_pauses_between_recordings_cost_no_words(infer, recordings, spoken):
    """Each recording has the words that it has alone; whole frames, as a shift within one changes a few."""
    pause = at(-60, white(4))
    parts = [part for x in recordings.values() for part in (pause, x[: x.size // 320 * 320])]
    words, start_s, _ = words_of(infer, np.concatenate(parts))
    expected = [word for name in recordings for word in spoken[name][0]]
    assert edit_distance(expected, words) <= 0.03 * len(expected)
    assert np.all(np.diff(start_s) > 0)


def test_word_error_rate_is_no_worse_than_without_it(infer, recordings, spoken):
    """Two words of tolerance: the recogniser is another one after the next training."""
    with_vad, without = WordErrors(), WordErrors()
    for line in (RECORDINGS / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        name = row["audio_filepath"]
        reference = "".join(c for c in row["text"].lower() if c.isalpha() or c in "' ")
        with_vad.add(reference, " ".join(spoken[name][0]))
        without.add(reference, " ".join(words_of(infer, recordings[name], OFF)[0]))
    assert with_vad.errors <= without.errors + 2


@pytest.mark.parametrize("level_db", [-30, -50])
def test_quiet_speech_is_not_lost(infer, recordings, spoken, level_db):
    """Peaks at -50 dB: 16 bits leave 7 of them to the speech."""
    different = said = 0
    for name, samples in recordings.items():
        quiet = samples / np.abs(samples).max() * 10 ** (level_db / 20)
        quiet = (np.round(quiet * 32768) / 32768).astype(np.float32)
        words, expected = words_of(infer, quiet)[0], spoken[name][0]
        assert len(words) >= 0.6 * len(expected), name
        different += edit_distance(expected, words)
        said += len(expected)
    assert different <= 0.2 * said


def test_one_short_word_alone_is_heard(infer, recordings, spoken):
    """0.3 to 0.7 s, cut out at the word's edges."""
    samples = recordings["digits_us_f2.flac"]
    words, start_s, end_s = spoken["digits_us_f2.flac"]
    for index, word in enumerate(words):
        edges = (start_s[index] - 0.08, end_s[index] + 0.12)
        first, last = (round(max(0, second) * RATE) for second in edges)
        assert words_of(infer, samples[first:last])[0], word


@pytest.mark.parametrize("name", ["report_us.flac", "noise"])
def test_off_gives_exactly_what_the_networks_give(infer, recordings, name):
    samples = at(-40, white(20)) if name == "noise" else recordings[name]
    features = normalised(infer("asr_features", **batch(samples)))
    direct = infer("asr_quartznet", **features)
    frames = direct["log_probs_length"][0, 0]
    through = infer("asr_windows", OFF, **batch(samples))
    assert through["log_probs_length"][0, 0] == frames
    np.testing.assert_array_equal(through["log_probs"][0, :frames], direct["log_probs"][0, :frames])


def test_on_is_the_default(infer, recordings):
    sent = batch(np.concatenate([at(-60, white(3)), recordings["digits_kal.flac"]]))
    default, on, off = (infer("asr_windows", parameters, **sent) for parameters in (None, ON, OFF))
    np.testing.assert_array_equal(default["log_probs"], on["log_probs"])
    assert default["log_probs"].shape == off["log_probs"].shape
    assert not np.array_equal(default["log_probs"], off["log_probs"])


def test_frames_outside_of_speech_are_silence(infer, recordings):
    sent = batch(np.concatenate([at(-60, white(5)), recordings["digits_kal.flac"]]))
    log_probs = infer("asr_windows", **sent)["log_probs"][0]
    blank = json.loads((RECORDINGS.parents[1] / "model_repository/asr_windows/1/windows.json").read_text())
    assert (log_probs[:240].argmax(axis=1) == blank["blank_index"]).all()
    assert np.isfinite(log_probs).all()


@pytest.mark.parametrize("model", ["speech_to_text", "asr_windows"])
@pytest.mark.parametrize("value", ["maybe", "ON", "", 1, True])
def test_other_values_are_refused_by_name(infer, model, value):
    with pytest.raises(InferenceServerException, match="parameter vad: expected one of on, off") as refused:
        infer(model, {"vad": value}, **batch(np.zeros(16_000, np.float32)))
    assert "INVALID_ARG" in refused.value.status()


def test_rows_of_a_batch_with_and_without_speech_keep_to_themselves(infer, recordings):
    speech = recordings["digits_us_f2.flac"]
    outputs = infer("speech_to_text", **batch(at(-40, white(9)), speech, np.zeros(500, np.float32)))
    texts = [row[0].decode() for row in outputs["transcript"]]
    assert texts[0] == texts[2] == ""
    assert texts[1] == infer("speech_to_text", **batch(speech))["transcript"][0, 0].decode()


def test_a_stretch_in_parts_equals_the_whole_in_the_served_graph(infer, recordings):
    samples = recordings["prison_slt.flac"][np.newaxis]
    beginning = np.zeros((1, 64), np.float32), np.zeros((1, 2, 128), np.float32)
    whole = infer("voice_activity", audio=samples, context=beginning[0], state=beginning[1])
    (context, state), parts = beginning, []
    for part in np.split(samples, [512 * 3, 512 * 100], axis=1):
        answer = infer("voice_activity", audio=part, context=context, state=state)
        context, state = answer["next_context"], answer["next_state"]
        parts.append(answer["speech_probability"])
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole["speech_probability"], atol=1e-4)


def test_cancelled_recording_is_not_searched_to_its_end(client):
    def stretches_done():
        statistics = client.get_inference_statistics("voice_activity").model_stats[0]
        return statistics.inference_stats.success.count

    hour = np.random.default_rng(0).normal(0, 0.1, 3600 * RATE).astype(np.float32)
    at_start = stretches_done()
    inputs = [tensor(*item) for item in batch(hour).items()]
    request = client.async_infer("asr_windows", inputs, callback=lambda result, error: None)
    while stretches_done() == at_start:
        time.sleep(0.005)
    request.cancel()
    assert settled(stretches_done) - at_start < 110  # an hour has 121
