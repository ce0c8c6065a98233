"""Requests are built and answers read without any network."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from tritone_client import Alternative, InvalidRequestError, ServerError, calls
from tritone_client.recognition import RecognitionOptions, with_options


def answer(**changes):
    tensors = {
        "transcript": np.array([[b"hello"]], dtype=object),
        "text": np.array([[b"Hello."]], dtype=object),
        "word": np.array([[b"hello", b""]], dtype=object),
        "word_start_s": np.array([[0.25, 0.0]], np.float32),
        "word_end_s": np.array([[0.5, 0.0]], np.float32),
        "word_confidence": np.array([[1.0, 0.0]], np.float32),
    }
    return calls.Outputs("speech_to_text", {**tensors, **changes}.get)


def test_samples_travel_with_their_length():
    call = calls.transcribe(np.zeros(1600, np.float32))
    audio, length = call.inputs
    assert (call.model, audio.name, audio.array.shape) == ("speech_to_text", "audio", (1, 1600))
    assert (length.name, length.array.tolist()) == ("audio_length", [[1600]])


def test_a_files_bytes_travel_whole(tmp_path):
    path = tmp_path / "any.wav"
    path.write_bytes(b"\x00any bytes\x00")
    (tensor,) = calls.transcribe(path).inputs
    assert tensor.array.tolist() == [[b"\x00any bytes\x00"]]


def test_padding_words_are_dropped():
    result = calls.transcribe(np.zeros(8000, np.float32)).decode(answer())
    assert [word.word for word in result.words] == ["hello"]
    assert result.duration_s == 0.5


def test_written_words_without_times_are_a_fault_of_the_server():
    written = {
        "written_text": np.array([[b"200"]], dtype=object),
        "written_word": np.array([[b"200"]], dtype=object),
        "written_word_start_s": np.zeros((1, 1), np.float32),
        "written_word_end_s": np.zeros((1, 2), np.float32),
        "written_word_confidence": np.zeros((1, 1), np.float32),
    }
    with pytest.raises(ServerError, match=r"expected times for each word, got counts \[1, 1, 2, 1\]"):
        calls.transcribe(b"some format", written=True).decode(answer(**written))


def test_the_length_of_a_file_is_what_the_server_found():
    call = calls.transcribe(b"some format")
    assert call.decode(answer(duration_s=np.array([[1.5]], np.float32))).duration_s == 1.5


def test_the_length_of_a_file_is_unknown_where_the_server_does_not_tell_it():
    assert calls.transcribe(b"some format").decode(answer()).duration_s is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            b"caf\xe9".decode("utf-8", "surrogateescape"),
            "in UTF-8, got the byte 0xE9 at character 3, probably Latin-1",
        ),
        ("caf\ud800", "got an unpaired surrogate at character 3"),
    ],
)
def test_text_that_is_not_unicode_is_named_for_what_it_is(text, says):
    with pytest.raises(InvalidRequestError, match=says):
        calls.punctuate(text)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(9, np.float64), "got float64; convert with .astype"),
        (np.zeros(9, np.int16), "got int16; divide by 32768"),
        (np.zeros(9, np.uint8), "got uint8; convert"),
        (np.zeros((2, 9), np.float32), r"got shape \(2, 9\)"),
        (np.zeros((), np.float32), r"got shape \(\)"),
        (np.zeros(0, np.float32), "at least one sample"),
        (np.array([0, np.nan], np.float32), "NaN or infinity"),
        (np.array([0, -np.inf], np.float32), "NaN or infinity"),
        (np.array([0, -12345], np.float32), "peak of 12345"),
    ],
)
def test_samples_outside_the_contract_are_refused_with_the_remedy(samples, message):
    with pytest.raises(InvalidRequestError, match=message):
        calls.transcribe(samples)


def test_a_slight_overshoot_of_full_scale_is_sent():
    calls.transcribe(np.array([1.01, -1.2], np.float32))


def test_something_that_is_no_audio_is_a_type_error():
    with pytest.raises(TypeError, match="got list"):
        calls.transcribe([0.0, 0.1])


def test_a_missing_file_is_the_builtin_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        calls.transcribe(tmp_path / "missing.wav")


def test_a_file_above_the_size_of_a_message_is_refused_before_it_is_sent(monkeypatch):
    monkeypatch.setattr(calls, "LARGEST_FILE_BYTES", 10)
    with pytest.raises(InvalidRequestError, match="at most 10 bytes, got 11"):
        calls.transcribe(b"x" * 11)


def test_text_that_is_not_unicode_is_refused_without_repeating_it():
    with pytest.raises(InvalidRequestError) as error:
        calls.punctuate("secret \udcff")
    assert "secret" not in str(error.value)


def test_an_answer_with_more_words_than_times_is_outside_the_contract():
    with pytest.raises(ServerError, match=r"speech_to_text: expected times for each word.*2, 2, 1, 2"):
        calls.transcribe(np.zeros(9, np.float32)).decode(answer(word_end_s=np.zeros((1, 1), np.float32)))


@pytest.mark.parametrize("tensor", [None, np.zeros((2, 2), np.float32), np.zeros(2, np.float32)])
def test_an_answer_outside_the_contract_names_the_tensor(tensor):
    with pytest.raises(ServerError, match="speech_to_text: expected output word_end_s"):
        calls.transcribe(np.zeros(9, np.float32)).decode(answer(word_end_s=tensor))


def test_vad_is_sent_as_given_and_left_out_otherwise():
    call = calls.transcribe(np.zeros(1600, np.float32))
    assert with_options(call, RecognitionOptions()).parameters == {}
    assert with_options(call, RecognitionOptions(vad="off")).parameters == {"vad": "off"}


@pytest.mark.parametrize("vad", ["", "ON", True, 1])
def test_other_values_of_vad_are_refused_before_anything_is_sent(vad):
    with pytest.raises(InvalidRequestError, match="vad: expected one of on, off"):
        RecognitionOptions(vad=vad)


def recognition_call(**options):
    return with_options(calls.transcribe(np.zeros(1600, np.float32)), RecognitionOptions(**options))


def test_options_of_recognition_travel_as_parameters():
    call = recognition_call(decoder="beam", boost={"Hester Prynne": 8, "scaffold": -0.5}, alternatives=3)
    assert call.parameters.keys() == {"decoder", "boost", "alternatives"}
    assert json.loads(call.parameters["boost"]) == {"Hester Prynne": 8.0, "scaffold": -0.5}
    assert (call.parameters["decoder"], call.parameters["alternatives"]) == ("beam", 3)
    assert recognition_call().parameters == {}


def test_alternatives_are_read_where_they_were_asked_for():
    tensors = answer(
        alternative=np.array([[b"hello", b"hallo"]], dtype=object),
        alternative_score=np.array([[-0.5, -1.5]], np.float32),
    )
    assert recognition_call(alternatives=2).decode(tensors).alternatives == (
        Alternative("hello", -0.5),
        Alternative("hallo", -1.5),
    )
    assert recognition_call().decode(tensors).alternatives == ()


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"decoder": "viterbi"}, InvalidRequestError, "decoder: expected one of beam, greedy, got 'viterbi'"),
        ({"alternatives": 11}, InvalidRequestError, "alternatives: expected 0 to 10"),
        ({"alternatives": 1.5}, TypeError, "alternatives: expected a whole number, got float"),
        ({"boost": {"a": 20.5}}, InvalidRequestError, "expected weights from -20 to 20, got 20.5"),
        ({"boost": {"a": float("nan")}}, InvalidRequestError, "got nan"),
        ({"boost": {"a": "8"}}, TypeError, "expected str and a number, got str and str"),
        ({"boost": ["a"]}, TypeError, "boost: expected a mapping of phrase to weight, got list"),
        (
            {"boost": dict.fromkeys(map(str, range(501)), 1)},
            InvalidRequestError,
            "at most 500 phrases, got 501",
        ),
    ],
)
def test_unsuitable_options_of_recognition_are_refused(options, error, says):
    with pytest.raises(error, match=re.escape(says)):
        RecognitionOptions(**options)
