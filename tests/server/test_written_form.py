"""The written form of recognised texts: outputs of the recognition pipelines, and the model behind them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException
from tritone_client import Client, captions

from .conftest import RECORDINGS, batch, tensor, text

DIGITS = RECORDINGS / "digits_us_f2.flac"  # four digits, which are written as one number
WRITTEN = (
    "written_text",
    "written_word",
    "written_word_start_s",
    "written_word_end_s",
    "written_word_confidence",
)


def times(count, offset=0.0):
    """Times of `count` words, one after another."""
    start_s = np.arange(count, dtype=np.float32) + offset
    return np.stack([start_s, start_s + 0.5, np.linspace(0.9, 0.5, count, dtype=np.float32)], axis=1)


def sent(*texts):
    """Texts and times as tensors of written_form."""
    longest = max(len(line.split()) for line in texts)
    word_times = np.zeros((len(texts), longest, 3), np.float32)
    for row, line in zip(word_times, texts, strict=True):
        row[: len(line.split())] = times(len(line.split()))
    return {"text": text(*texts), "word_times": word_times}


def written(outputs, row=0):
    """The written text of a row, its words and their times, padding removed."""
    words = [word.decode() for word in outputs["written_word"][row] if word]
    columns = [outputs[name][row][: len(words)].tolist() for name in WRITTEN[2:]]
    return outputs["written_text"][row, 0].decode(), words, columns


@pytest.mark.parametrize("model", ["speech_to_text", "audio_to_text"])
def test_a_recording_is_written_with_the_times_of_its_words(infer, recordings, model):
    arrays = batch(recordings[DIGITS.name])
    answer = infer(
        model, **arrays if model == "speech_to_text" else {"audio_bytes": text(DIGITS.read_bytes())}
    )
    spoken = answer["transcript"][0, 0].decode().split()
    line, words, ((start_s,), (end_s,), (confidence,)) = written(answer)
    assert spoken == ["zero", "two", "five", "two"]
    assert words == [line]
    assert line.rstrip(".?") == "0252"
    assert start_s == answer["word_start_s"][0, 0]
    assert end_s == answer["word_end_s"][0, -1]
    assert confidence == answer["word_confidence"].min()


def test_texts_without_numbers_are_unchanged(infer, recordings):
    answer = infer("speech_to_text", **batch(recordings["prison_slt.flac"]))
    line, words, columns = written(answer)
    assert line == answer["text"][0, 0].decode()
    assert words == line.split()
    for column, name in zip(columns, ("word_start_s", "word_end_s", "word_confidence"), strict=True):
        assert column == answer[name][0].tolist()


@pytest.mark.parametrize("name", WRITTEN)
def test_a_caller_may_ask_for_one_output_alone(client, infer, recordings, name):
    arrays = batch(recordings[DIGITS.name])
    inputs = [tensor(key, array) for key, array in arrays.items()]
    alone = client.infer("speech_to_text", inputs, outputs=[triton.InferRequestedOutput(name)])
    np.testing.assert_array_equal(alone.as_numpy(name), infer("speech_to_text", **arrays)[name])


def test_it_is_computed_for_those_who_ask(client, recordings):
    def count():
        return client.get_inference_statistics("written_form").model_stats[0].inference_count

    inputs = [tensor(key, array) for key, array in batch(recordings[DIGITS.name]).items()]
    before = count()
    client.infer("speech_to_text", inputs, outputs=[triton.InferRequestedOutput("text")])
    assert count() == before
    client.infer("speech_to_text", inputs, outputs=[triton.InferRequestedOutput("written_text")])
    assert count() == before + 1


def test_silence_is_written_as_nothing(infer):
    answer = infer("speech_to_text", **batch(np.zeros(16_000, np.float32)))
    assert written(answer) == ("", [], [[], [], []])


def test_rows_of_a_batch_are_those_of_single_requests(infer):
    texts = ("Pay two hundred and fifty dollars on May third.", "", "No one knows.")
    together = infer("written_form", **sent(*texts))
    for row, line in enumerate(texts):
        assert written(together, row) == written(infer("written_form", **sent(line)))
    assert written(together)[:2] == ("Pay $250 on May 3.", ["Pay", "$250", "on", "May", "3."])
    assert written(together)[2][:2] == [[0.0, 1.0, 6.0, 7.0, 8.0], [0.5, 5.5, 6.5, 7.5, 8.5]]


def test_concurrent_callers_get_their_own_texts(infer):
    lines = [f"Pay {number} hundred dollars, or nothing." for number in ("two", "three", "four", "five")] * 8
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda line: written(infer("written_form", **sent(line)))[0], lines))
    assert answers == [f"Pay ${number}00, or nothing." for number in (2, 3, 4, 5)] * 8


def test_a_text_of_an_hour_is_written(infer):
    sentence = "We paid two hundred and fifty dollars, and nobody knew what it was for."
    line, words, columns = written(infer("written_form", **sent(" ".join([sentence] * 700))))
    assert line.count("$250,") == 700
    assert len(words) == len(columns[0]) == 700 * 10
    assert columns[0] == sorted(columns[0])


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"text": text(b"\xff"), "word_times": times(1)[np.newaxis]}, "text: expected UTF-8"),
        ({"text": text("a" * 360_001), "word_times": times(1)[np.newaxis]}, "text: expected at most 360000"),
    ],
)
def test_bad_texts_are_refused(infer, arrays, message):
    with pytest.raises(InferenceServerException, match=message) as error:
        infer("written_form", **arrays)
    assert error.value.status().endswith("INVALID_ARGUMENT")
    assert written(infer("written_form", **sent("one hundred")))[0] == "100"


def test_times_of_another_count_give_a_text_without_words(infer):
    answer = infer("written_form", text=text("one hundred dollars"), word_times=times(2)[np.newaxis])
    assert written(answer) == ("$100", [], [[], [], []])


@pytest.mark.parametrize("protocol", ["grpc", "http"])
def test_the_client_returns_written_words(server, protocol):
    with Client(server.grpc_url if protocol == "grpc" else server.http_url, protocol=protocol) as client:
        plain, figures = client.transcribe(DIGITS), client.transcribe(DIGITS, written=True)
    assert (plain.written_text, plain.written_words) == (None, ())
    assert (figures.text, figures.words) == (plain.text, plain.words)
    (word,) = figures.written_words
    assert word.word == figures.written_text
    assert word.word.startswith("0252")
    assert (word.start_s, word.end_s) == (plain.words[0].start_s, plain.words[-1].end_s)
    assert "0252" in captions.srt(figures, written=True)
    assert "0252" not in captions.srt(figures)


def test_the_command_writes_figures(server, tmp_path):
    import subprocess
    import sys

    def run(*arguments):
        command = [
            sys.executable,
            "-m",
            "tritone_client.command",
            "transcribe",
            str(DIGITS),
            "--url",
            server.grpc_url,
        ]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, check=True).stdout

    assert run("--written").startswith("0252")
    assert "\n0252" in run("--written", "--format", "vtt")
    shown = json.loads(run("--written", "--format", "json"))
    assert shown["text"].lower().startswith("zero two five two")
    assert [word["word"] for word in shown["written_words"]] == [shown["written_text"]]
    assert "written_text" not in json.loads(run("--format", "json"))
