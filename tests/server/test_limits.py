"""The limits as docs/limits.md states them: the words and codes of what lies past each."""

from __future__ import annotations

import io
import json
import re
import urllib.error
import urllib.request

import numpy as np
import pytest
import soundfile
import tritonclient.grpc as triton
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from .conftest import ROOT, batch, tensor, text

PAGE = (ROOT / "docs/limits.md").read_text(encoding="utf-8")
LIMIT_S = 3600


def wav(samples, rate_hz):
    with io.BytesIO() as file:
        soundfile.write(file, np.zeros(samples, np.int16), rate_hz, format="WAV")
        return file.getvalue()


# Past each limit by the least that there is.
PAST = {
    "audio: expected at least 320 samples": ("speech_to_text", lambda: batch(np.zeros(319, np.float32))),
    "audio: expected samples in [-1, 1]": (
        "speech_to_text",
        lambda: batch(np.full(16_000, 2.5, np.float32)),
    ),
    "audio: expected finite samples": ("speech_to_text", lambda: batch(np.full(16_000, np.nan, np.float32))),
    "audio_bytes: expected at most 3600 s": (
        "audio_to_text",
        # Eight thousand samples a second: what is refused by its header need not be long to send.
        lambda: {"audio_bytes": text(wav(8000 * LIMIT_S + 8000, 8000))},
    ),
    "audio_bytes: expected a sample rate of": (
        "audio_to_text",
        lambda: {"audio_bytes": text(wav(4000, 3999))},
    ),
    "audio_bytes: expected 1 to 32 channels": (
        "audio_to_text",
        lambda: {"audio_bytes": text(wav((8000, 33), 8000))},
    ),
    "audio_bytes: expected at most 1000 joined recordings": (
        "audio_to_text",
        lambda: {"audio_bytes": text(wav(8, 8000) * 1001)},
    ),
    "transcript: expected at most 80000 characters": (
        "punctuate",
        lambda: {"transcript": text("a" * 80_001)},
    ),
    "transcript: expected at least one word": ("punctuate", lambda: {"transcript": text(" ")}),
    "text: expected at most 20000 characters": (
        "text_to_speech",
        lambda: {"text": text("a" * 20_001)},
    ),
    "text: expected at most 1800 s of speech": (
        "text_to_speech",
        lambda: {"text": text("1234567890 " * 500)},
    ),
    "text: expected at least one letter": ("text_to_speech", lambda: {"text": text("...")}),
    "inference request batch-size must be <= 16": (
        "punctuate",
        lambda: {"transcript": text(*["how are you"] * 17)},
    ),
}


@pytest.mark.parametrize("protocol", ["grpc", "http"])
@pytest.mark.parametrize("words", PAST)
def test_past_a_limit_the_error_is_what_the_page_says(server, protocol, words):
    model, arrays = PAST[words]
    assert f"`{words}" in PAGE
    module, status = {"grpc": (triton, "StatusCode.INVALID_ARGUMENT"), "http": (triton_http, "400")}[protocol]
    with module.InferenceServerClient(getattr(server, f"{protocol}_url")) as client:
        inputs = [tensor(*item, module) for item in arrays().items()]
        with pytest.raises(InferenceServerException, match=re.escape(words)) as refused:
            client.infer(model, inputs)
    assert refused.value.status() == status


def zeros(*shape, dtype=np.float32):
    return np.zeros(shape, dtype)


# Models that only pipelines are meant to call, by the least past what those send.
COMPOSING = {
    "audio: expected at most 480000 elements": (
        "asr_features",
        lambda: {"audio": zeros(1, 480_001), "audio_length": np.array([[480_001]])},
    ),
    "input_ids: expected at most 1024 elements": (
        "punctuation_bert",
        lambda: {name: zeros(1, 1025, dtype=np.int64) for name in ("input_ids", "attention_mask")},
    ),
    "mel: expected at most 76800 elements": (
        "tts_waveglow",
        lambda: {"mel": zeros(1, 80, 961), "mel_length": np.array([[961]]), "z": zeros(1, 16, 15_360)},
    ),
    "features: expected at least one element": (
        "asr_quartznet",
        lambda: {"features": zeros(1, 64, 0), "features_length": np.array([[0]])},
    ),
    "transcript: expected at most 180000 characters": (
        "punctuation_windows",
        lambda: {"transcript": text("a" * 180_001)},
    ),
    "transcript: expected UTF-8": ("punctuation_windows", lambda: {"transcript": text(b"\xff")}),
    "labels: expected labels from 0 to 28": (
        "asr_ctc_decoder",
        lambda: {
            "log_probs": zeros(1, 50, 0),
            "labels": zeros(1, 1, 0, dtype=np.int32),
            "log_probs_length": np.array([[50]]),
            "audio_length": np.array([[16_000]]),
        },
    ),
    "audio: expected at most 2000000 samples": (
        "tts_denoiser",
        lambda: {
            "audio": zeros(1, 2_000_001),
            "audio_length": np.array([[1]]),
            "strength": np.ones((1, 1), np.float32),
        },
    ),
}


@pytest.mark.parametrize("words", COMPOSING)
def test_a_composing_model_bounds_its_own_input(infer, words):
    model, arrays = COMPOSING[words]
    with pytest.raises(InferenceServerException, match=re.escape(words)) as refused:
        infer(model, **arrays())
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize("parameters", [b'{"seed":"\xff"}', b'{"\xff":"1"}'])
@pytest.mark.parametrize(("model", "name"), [("punctuate", "transcript"), ("text_to_speech", "text")])
def test_parameters_that_are_not_utf_8_are_refused_over_http(server, model, name, parameters):
    sent = json.dumps(
        {"inputs": [{"name": name, "datatype": "BYTES", "shape": [1, 1], "data": ["Hello there."]}]}
    ).encode()
    body = sent[:-1] + b', "parameters": ' + parameters + b"}"
    url = f"http://{server.http_url}/v2/models/{model}/infer"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(urllib.request.Request(url, body), timeout=30)
    assert refused.value.code == 400
    assert "parameters: expected names and values in UTF-8" in json.load(refused.value)["error"]


def test_sixteen_in_a_batch_are_answered(infer):
    assert infer("punctuate", transcript=text(*["how are you"] * 16))["text"].shape == (16, 1)


def test_the_longest_text_is_punctuated_whole(infer):
    words = ("how are you " * 6667)[:80_000].strip()
    answer = infer("punctuate", transcript=text(words))["text"][0, 0].decode()
    assert len(answer.split()) == len(words.split())


def test_the_numbers_of_the_queues_on_the_page_are_those_of_the_configs():
    for model in ("asr_windows", "audio_decoder", "text_validator", "tts_tokenizer", "tts_utterances"):
        config = (ROOT / "model_repository" / model / "config.pbtxt").read_text()
        values = dict(re.findall(r'"(\w+)" value: \{ string_value: "(\d+)"', config))
        row = f"| `{model}` | {values['requests_in_flight']} | {values['queue_requests']} |"
        assert row in PAGE
        assert values["queue_timeout_s"] == "30"
