"""text_to_speech on the real server: everything that a caller can get wrong, and what is not wrong at all."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from .conftest import settled, tensor, text

GOOD = "The box was thrown beside the parked truck."


def refusal(call, *arguments, **keywords):
    """The message of the error that a call is answered with."""
    with pytest.raises(InferenceServerException) as refused:
        call(*arguments, **keywords)
    assert refused.value.status() in ("StatusCode.INVALID_ARGUMENT", "400")
    return refused.value.message()


def symbols_of(infer, spoken):
    """What tts_utterances gets of a text."""
    answer = infer("tts_tokenizer", text=text(spoken))
    return {name: answer[name] for name in ("symbols", "symbols_length", "pause_s")}


@pytest.fixture(autouse=True)
def still_serving(server, client):
    """Whatever was sent: afterwards the server lives, and every model is ready."""
    yield
    assert server.process.poll() is None
    assert client.is_server_ready()


@pytest.mark.parametrize(
    "spoken",
    [
        "a",
        "7",
        "1234567890",
        "3.14, 2/3 and $5.20",
        "OK \U0001f600 fine \U0001f44d\U0001f3fd",
        "bell \x07 and \x00 and \x1b rings",
        "Na\u00efve caf\u00e9 \u201cquotes\u201d \u2014 and dashes\u2026",
        "x" * 300,
        "no end " * 100,
        "hm? " * 50,
        " \n\t  surrounded \n ",
        "\ufeffbyte order mark",
    ],
)
def test_unusual_text_is_spoken(infer, spoken):
    outputs = infer("text_to_speech", {"seed": 1}, text=text(spoken))
    assert outputs["audio_length"][0, 0] > 0
    assert outputs["audio"].any()


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ("", "got none"),
        (" \n\t ", "got none"),
        ("\u200b\u00a0", "got none"),
        ("...", "got none"),
        ("?! , ; -- ()", "got none"),
        ("\U0001f600", "got none"),
        ("\x07\x1b", "got none"),
        (b"caf\xe9", "invalid byte at offset 3"),
        (b"\xff\xfe", "invalid byte at offset 0"),
        ("\u4f60\u597d", "U+4F60"),
        ("a" * 1_000_000, "characters, got 1000000"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_bad_text_has_its_own_clear_error(infer, sent, says):
    message = refusal(infer, "text_to_speech", text=text(sent))
    assert "text: expected " in message
    assert says in message


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"seed": -1}, "seed: expected a whole number from 0 to 9223372036854775807, got -1"),
        ({"seed": 1.5}, "seed"),
        ({"seed": "one"}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": str(2**63)}, "seed"),
        ({"sigma": -0.1}, "sigma: expected a number from 0 to 1, got -0.1"),
        ({"sigma": 1.1}, "sigma"),
        ({"sigma": "loud"}, "sigma"),
        ({"speed": 0}, "speed: expected a number from 0.5 to 2, got 0"),
        ({"speed": 2.1}, "speed"),
        ({"speed": float("nan")}, "speed"),
        ({"speed": ""}, "speed"),
        ({"denoise": -1}, "denoise: expected a number from 0 to 1, got -1"),
        ({"denoise": "1.01"}, "denoise"),
    ],
)
def test_parameter_out_of_range_is_named(server, infer, parameters, says):
    assert f"parameter {says}" in refusal(infer, "text_to_speech", parameters, text=text(GOOD))
    with triton_http.InferenceServerClient(server.http_url) as client:
        inputs = [tensor("text", text(GOOD), triton_http)]
        assert f"parameter {says}" in refusal(client.infer, "text_to_speech", inputs, parameters=parameters)


def test_one_bad_text_among_good_requests_fails_alone(server, infer):
    expected = infer("text_to_speech", {"seed": 1}, text=text(GOOD))["audio"]

    def call(index):
        with triton.InferenceServerClient(server.grpc_url) as client:
            inputs = [tensor("text", text("" if index == 5 else GOOD))]
            try:
                return client.infer("text_to_speech", inputs, parameters={"seed": 1}).as_numpy("audio")
            except InferenceServerException as error:
                return error

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(call, range(8)))
    assert isinstance(answers.pop(5), InferenceServerException)
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)


def test_more_texts_than_a_batch_holds_are_refused(infer):
    assert "<= 16" in refusal(infer, "text_to_speech", text=text(*[GOOD] * 17))


def test_cancelled_text_stops_between_utterances(client, infer):
    """Asked of the model itself: an ensemble tells its steps only what was cancelled before they began."""

    def spoken():
        return client.get_inference_statistics("tts_waveglow").model_stats[0].inference_stats.success.count

    tokens = symbols_of(infer, " ".join([GOOD] * 200))
    at_start = spoken()
    inputs = [tensor(*item) for item in tokens.items()]
    request = client.async_infer("tts_utterances", inputs, callback=lambda result, error: None)
    while spoken() == at_start:
        time.sleep(0.02)
    request.cancel()
    assert settled(spoken) - at_start < 100  # 200 utterances at least


@pytest.fixture(scope="module")
def tokens(infer):
    return symbols_of(infer, GOOD)


def with_value(name, value):
    return lambda tokens: tokens | {name: np.full_like(tokens[name], value)}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (with_value("symbols_length", 0), "at least one utterance, got none for text 1"),
        (with_value("symbols_length", -1), "symbols_length: expected 0 to"),
        (with_value("symbols_length", 10_000), "got 10000 to 10000"),
        (with_value("pause_s", 1e9), "pause_s: expected 0 to 10 s"),
        (with_value("pause_s", np.nan), "pause_s"),
        (with_value("symbols", 1_000_000), "text 1, utterance 1: expected symbols from 0 to"),
        (with_value("symbols", -1), "got -1 to -1"),
        (lambda tokens: tokens | {"pause_s": np.zeros((1, 9), np.float32)}, "got 1 and 9"),
    ],
)
def test_what_no_tokenizer_makes_is_refused(infer, tokens, change, says):
    assert says in refusal(infer, "tts_utterances", **change(tokens))


@pytest.fixture
def repeated(server, tokens):
    """Return the tokens with the utterance repeated, by times as many symbols as the decoder has steps."""

    def make(times):
        sidecar = server.options.repositories[0] / "tts_utterances/1/spectrograms.json"
        wanted = round(times * json.loads(sidecar.read_text())["max_decoder_steps"])
        length = tokens["symbols_length"][0, 0]
        symbols = np.tile(tokens["symbols"][:, :, :length], (1, 1, -(-wanted // length)))[:, :, :wanted]
        return tokens | {"symbols": symbols, "symbols_length": np.full((1, 1), wanted, np.int64)}

    return make


def test_an_utterance_that_does_not_end_is_an_error_that_names_it(infer, repeated):
    """More symbols than any utterance has: they cannot be spoken within the decoder's steps."""
    words = refusal(infer, "tts_utterances", {"seed": 1}, **repeated(2))
    assert "text 1, utterance 1: expected its" in words


def test_an_utterance_of_more_symbols_than_anybody_speaks_is_refused_before_it_is_begun(infer, repeated):
    words = refusal(infer, "tts_utterances", {"seed": 1}, **repeated(2.1))
    assert "text 1, utterance 1: expected at most" in words
