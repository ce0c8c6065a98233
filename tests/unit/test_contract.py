"""Names of the public models, and of those of named sets."""

import pytest

from tritone.contract import is_stream, public_name


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("text_to_speech", ("text_to_speech", "")),
        ("text_to_speech_fast", ("text_to_speech", "fast")),
        ("text_to_speech_fast_canary", ("text_to_speech", "fast_canary")),
        ("text_to_speech_stream", ("text_to_speech_stream", "")),
        ("text_to_speech_stream_fast", ("text_to_speech_stream", "fast")),
        ("text_to_speech_streams", ("text_to_speech", "streams")),
        ("asr_stream_fast", ("asr_stream", "fast")),
        ("tts_utterances", None),
        ("text_to", None),
    ],
)
def test_a_public_models_name_has_two_parts(model, expected):
    assert public_name(model) == expected
    assert is_stream(model) == (expected is not None and expected[0].endswith("_stream"))
