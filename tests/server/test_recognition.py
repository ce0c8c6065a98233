"""speech_to_text and its parts on the real server."""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime as ort
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException

from training.scoring import WordErrors, edit_distance

from .conftest import RECORDINGS, batch, normalised, settled, tensor, text

OUTPUTS = ("transcript", "text", "word", "word_start_s", "word_end_s", "word_confidence")


def recognised(outputs, row=0):
    """Everything a caller gets for one row, padding removed."""
    words = [word.decode() for word in outputs["word"][row] if word]
    times = {name: outputs[name][row][: len(words)] for name in OUTPUTS[3:]}
    return outputs["transcript"][row, 0].decode(), outputs["text"][row, 0].decode(), words, times


def assert_same(one, other):
    assert one[:3] == other[:3]
    for name in OUTPUTS[3:]:
        np.testing.assert_allclose(one[3][name], other[3][name], atol=2e-3, err_msg=name)


def test_words_times_and_texts_belong_together(infer, recordings):
    for name, samples in recordings.items():
        transcript, punctuated, words, times = recognised(infer("speech_to_text", **batch(samples)))
        assert transcript == " ".join(words), name
        assert words, name
        assert len(punctuated.split()) == len(words), name
        start, end = times["word_start_s"], times["word_end_s"]
        assert np.all(start >= 0), name
        assert np.all(end <= samples.size / 16_000 + 1e-4), name
        assert np.all(start < end), name
        assert np.all(start[1:] >= end[:-1] - 1e-6), name
        assert np.all((times["word_confidence"] > 0) & (times["word_confidence"] <= 1)), name


def plain_words(text):
    """Return a text as the recogniser writes it: lower case, no marks except apostrophes."""
    return re.sub(r"[^a-z' ]", "", text.lower())


@pytest.mark.parametrize("model", ["speech_to_text", "audio_to_text"])
def test_word_error_rate_of_the_sample_recordings_is_bounded(infer, recordings, model):
    total = WordErrors()
    for line in (RECORDINGS / "manifest.jsonl").read_text().splitlines():
        row = json.loads(line)
        name, reference = row["audio_filepath"], plain_words(row["text"])
        if model == "speech_to_text":
            sent = batch(recordings[name])
        else:
            sent = {"audio_bytes": text((RECORDINGS / name).read_bytes())}
        transcript = infer(model, {"decoder": "greedy"}, **sent)["transcript"][0, 0].decode()
        total.add(reference, transcript)
    assert total.rate <= 0.36, f"{total.errors} errors in {total.words} words"  # measured: 0.322


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_caller_may_ask_for_one_output_alone(client, infer, recordings, name):
    arrays = batch(next(iter(recordings.values())))
    inputs = [tensor(key, array) for key, array in arrays.items()]
    alone = client.infer("speech_to_text", inputs, outputs=[triton.InferRequestedOutput(name)])
    np.testing.assert_array_equal(alone.as_numpy(name), infer("speech_to_text", **arrays)[name])


def test_log_probs_of_a_mixed_batch_equal_those_of_its_items(infer, recordings):
    rows = [samples[: 16_000 * (index + 1)] for index, samples in enumerate(recordings.values())][:6]
    together = infer("asr_windows", **batch(*rows))
    for index, row in enumerate(rows):
        alone = infer("asr_windows", **batch(row))
        frames = alone["log_probs_length"][0, 0]
        assert together["log_probs_length"][index, 0] == frames
        assert np.abs(together["log_probs"][index, :frames] - alone["log_probs"][0, :frames]).max() <= 1e-4


def test_acoustic_model_ignores_what_it_is_padded_with(infer, recordings):
    rows = [samples[: 16_000 * 2 + 4321 * index] for index, samples in enumerate(recordings.values())][:4]
    features = [normalised(infer("asr_features", **batch(row))) for row in rows]
    longest = max(item["features"].shape[2] for item in features) + 64
    padded = np.zeros((len(rows), features[0]["features"].shape[1], longest), np.float32)
    for target, item in zip(padded, features, strict=True):
        target[:, : item["features"].shape[2]] = item["features"][0]
    lengths = np.concatenate([item["features_length"] for item in features])
    together = infer("asr_quartznet", features=padded, features_length=lengths)
    for index, item in enumerate(features):
        alone = infer("asr_quartznet", **item)
        frames = alone["log_probs_length"][0, 0]
        difference = together["log_probs"][index, :frames] - alone["log_probs"][0, :frames]
        assert np.abs(difference).max() <= 1e-4


def test_a_batch_of_mixed_lengths_gives_the_items_texts(infer, recordings):
    rows = list(recordings.values())[:5]
    together = infer("speech_to_text", **batch(*rows))
    for index, row in enumerate(rows):
        assert_same(recognised(together, index), recognised(infer("speech_to_text", **batch(row))))


def test_padding_sent_by_the_caller_changes_nothing(infer, recordings):
    samples = next(iter(recordings.values()))
    padded = np.concatenate([samples, np.full(30_000, 0.7, np.float32)])
    sent = {"audio": padded[np.newaxis], "audio_length": np.array([[samples.size]], np.int64)}
    assert_same(
        recognised(infer("speech_to_text", **sent)), recognised(infer("speech_to_text", **batch(samples)))
    )


def test_32_concurrent_clients_get_their_own_answers(server, infer, recordings):
    clips = [samples[: samples.size - 1600 * part] for samples in recordings.values() for part in range(4)]
    clips = [clip for clip in clips if clip.size > 4000][:32]
    expected = [recognised(infer("speech_to_text", **batch(clip))) for clip in clips]

    def call(index):
        clip = clips[index % len(clips)]
        with triton.InferenceServerClient(server.grpc_url) as connected:
            result = connected.infer("speech_to_text", [tensor(*item) for item in batch(clip).items()])
        return recognised({name: result.as_numpy(name) for name in OUTPUTS})

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(call, range(64)))
    for index, answer in enumerate(answers):
        assert_same(answer, expected[index % len(clips)])


def test_one_bad_request_among_good_ones_fails_alone(server, infer, recordings):
    samples = next(iter(recordings.values()))[:48_000]
    expected = recognised(infer("speech_to_text", **batch(samples)))
    broken = samples.copy()
    broken[100] = np.nan

    def call(index):
        with triton.InferenceServerClient(server.grpc_url) as connected:
            sent = batch(broken if index == 5 else samples)
            try:
                result = connected.infer("speech_to_text", [tensor(*item) for item in sent.items()])
            except InferenceServerException as error:
                return error
        return recognised({name: result.as_numpy(name) for name in OUTPUTS})

    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(call, range(12)))
    refused = answers.pop(5)
    assert refused.status() == "StatusCode.INVALID_ARGUMENT"
    assert "NaN" in refused.message()
    for answer in answers:
        assert_same(answer, expected)


def test_silence_gives_empty_texts_not_an_error(infer):
    transcript, punctuated, words, _ = recognised(
        infer("speech_to_text", **batch(np.zeros(48_000, np.float32)))
    )
    assert len(punctuated.split()) == len(transcript.split()) == len(words)


def test_shortest_recording_is_answered(infer):
    assert infer("speech_to_text", **batch(np.zeros(320, np.float32)))["transcript"].shape == (1, 1)


@pytest.fixture
def graph(server):
    """Return a function that runs a model's graph outside of the server, on inputs of any length."""

    def run(model, **arrays):
        path = server.options.repositories[0] / model / "1/model.onnx"
        session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return dict(zip(names, session.run(names, arrays), strict=True))

    return run


def test_ten_minutes_in_windows_have_the_words_of_the_whole(infer, graph, recordings):
    """One pass of the graphs over all ten minutes is the reference: no word may be doubled or lost."""
    clip = np.concatenate([recordings["report_us.flac"], np.zeros(16_000, np.float32)])
    sent = batch(np.tile(clip, -(-600 * 16_000 // clip.size)))
    in_windows = recognised(infer("speech_to_text", **sent))
    whole = graph("asr_quartznet", **normalised(graph("asr_features", **sent)))
    labels = np.arange(whole["log_probs"].shape[2], dtype=np.int32)[None, None]
    decoded = infer("asr_ctc_decoder", **whole, labels=labels, audio_length=sent["audio_length"])
    words = [word.decode() for word in decoded["word"][0]]
    assert abs(len(in_windows[2]) - len(words)) <= 0.002 * len(words)
    assert edit_distance(in_windows[2], words) <= 0.02 * len(words)
    start_s = in_windows[3]["word_start_s"]
    assert np.all(np.diff(start_s) > 0)
    assert abs(start_s[-1] - decoded["word_start_s"][0, -1]) < 0.1


def test_cancelled_recording_stops_between_windows(client):
    """Asked of the model itself: an ensemble tells its steps only what was cancelled before they began."""

    def windows_done():
        statistics = client.get_inference_statistics("asr_features").model_stats[0]
        return statistics.inference_stats.success.count

    hour = np.random.default_rng(0).normal(0, 0.1, 3600 * 16_000).astype(np.float32)
    at_start = windows_done()
    inputs = [tensor(*item) for item in batch(hour).items()]
    request = client.async_infer(
        "asr_windows", inputs, callback=lambda result, error: None, parameters={"vad": "off"}
    )
    while windows_done() == at_start:
        time.sleep(0.02)
    request.cancel()
    assert settled(windows_done) - at_start < 100  # an hour has 138 windows


def sine(samples, peak=0.1):
    return (peak * np.sin(np.arange(samples) / 9)).astype(np.float32)


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        (batch(np.zeros(0, np.float32)), "expected"),
        (batch(np.zeros(1, np.float32)), "at least 320 samples"),
        (batch(sine(16_000) * np.nan), "NaN"),
        (batch(sine(16_000, 20_000)), "32768 for int16"),
        ({"audio": sine(1000)[None], "audio_length": np.array([[1001]], np.int64)}, "audio_length"),
        ({"audio": sine(1000)[None], "audio_length": np.array([[-5]], np.int64)}, "got -5"),
        ({"audio": sine(1000)[None], "audio_length": np.array([[0]], np.int64)}, "got none"),
        (batch(np.zeros(3601 * 16_000, np.float32)), "at most 3600 s"),
        ({"audio": sine(1000)[None].astype(np.int64), "audio_length": np.array([[1000]], np.int64)}, "FP32"),
        ({"audio": sine(1000)[None, None], "audio_length": np.array([[1000]], np.int64)}, "audio"),
        ({"audio": sine(1000)[None]}, "expected 2 inputs but got 1"),
        ({"audio": np.stack([sine(1000)] * 17), "audio_length": np.full((17, 1), 1000, np.int64)}, "<= 16"),
    ],
)
def test_bad_request_has_its_own_clear_error(infer, sent, says):
    with pytest.raises(InferenceServerException) as refused:
        infer("speech_to_text", **sent)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in refused.value.message()
