"""Requests of several rows of which one is bad: the request is refused, requests beside it are not."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tritonclient.utils import InferenceServerException

from .conftest import RECORDINGS, batch, text

CLIP = (RECORDINGS / "digits_kal.flac").read_bytes()
SECOND = (0.1 * np.sin(np.arange(16_000) / 9)).astype(np.float32)
# Per pipeline: a request whose middle row is bad, the refusal, and a good request with its output.
REQUESTS = {
    "speech_to_text": (batch(SECOND, SECOND * np.nan, SECOND), "NaN", batch(SECOND), "text"),
    "audio_to_text": (
        {"audio_bytes": text(CLIP, b"only text", CLIP)},
        "cannot be decoded",
        {"audio_bytes": text(CLIP)},
        "text",
    ),
    "punctuate": (
        {"transcript": text("how are you", " ", "fine")},
        "at least one word",
        {"transcript": text("how are you")},
        "text",
    ),
    "text_to_speech": (
        {"text": text("Hello.", "...", "Good bye.")},
        "at least one letter",
        {"text": text("Hello.")},
        "audio",
    ),
    "text_to_audio": (
        {"text": text("Hello.", "Yes.", "Good bye."), "format": text("wav", "aac", "wav")},
        "format: expected wav",
        {"text": text("Hello."), "format": text("wav")},
        "audio_bytes",
    ),
}


@pytest.mark.parametrize("pipeline", REQUESTS)
def test_a_bad_row_refuses_its_own_request_and_no_other(infer, pipeline):
    bad, says, good, output = REQUESTS[pipeline]
    expected = infer(pipeline, {"seed": 1}, **good)[output]

    def ask(index):
        try:
            return infer(pipeline, {"seed": 1}, **(bad if index == 3 else good))[output]
        except InferenceServerException as error:
            return error

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    refused = answers.pop(3)
    assert refused.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in refused.message()
    for answer in answers:
        np.testing.assert_array_equal(answer, expected)
