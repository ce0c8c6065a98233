"""text_to_audio on the real server: every format, and nothing spoken for one that does not exist."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
import tritonclient.http as triton_http
from tritonclient.utils import InferenceServerException

from .conftest import tensor, text

SENTENCE = "Rice is often served in round bowls."
FORMATS = ("wav", "flac", "ogg", "mp3", "pcm")
CONTAINERS = {"wav": "WAV", "flac": "FLAC", "ogg": "OGG", "mp3": "MP3"}


@pytest.fixture(scope="module")
def samples(infer):
    """The sentence's samples, as int16, and their rate."""
    outputs = infer("text_to_speech", {"seed": 1}, text=text(SENTENCE))
    audio = outputs["audio"][0, : outputs["audio_length"][0, 0]]
    return np.clip(np.rint(audio * 32_768), -32_768, 32_767).astype(np.int16), outputs["sample_rate_hz"][0, 0]


@pytest.mark.parametrize("audio_format", CONTAINERS)
def test_file_holds_what_text_to_speech_gives(infer, samples, audio_format):
    expected, rate_hz = samples
    outputs = infer("text_to_audio", {"seed": 1}, text=text(SENTENCE), format=text(audio_format))
    file = io.BytesIO(outputs["audio_bytes"][0, 0])
    assert soundfile.info(file).format == CONTAINERS[audio_format]
    file.seek(0)
    audio, file_rate = soundfile.read(file, dtype="int16")
    assert audio.size / file_rate == pytest.approx(expected.size / rate_hz, abs=1e-3)
    if audio_format in ("wav", "flac"):
        np.testing.assert_array_equal(audio, expected)


def test_pcm_is_the_bare_samples(infer, samples):
    outputs = infer("text_to_audio", {"seed": 1}, text=text(SENTENCE), format=text("pcm"))
    np.testing.assert_array_equal(np.frombuffer(outputs["audio_bytes"][0, 0], "<i2"), samples[0])


def test_every_row_has_its_own_format(infer):
    sent = {"text": text(*[SENTENCE] * 5), "format": text(*FORMATS)}
    together = infer("text_to_audio", {"seed": 1}, **sent)["audio_bytes"][:, 0]
    for audio_format, data in zip(FORMATS, together, strict=True):
        alone = infer("text_to_audio", {"seed": 1}, text=text(SENTENCE), format=text(audio_format))
        if audio_format == "ogg":  # its streams are numbered at random
            assert len(alone["audio_bytes"][0, 0]) == len(data)
        else:
            assert alone["audio_bytes"][0, 0] == data


def test_files_are_the_same_over_http(server, infer):
    sent = {"text": text(SENTENCE), "format": text("wav")}
    with triton_http.InferenceServerClient(server.http_url) as client:
        inputs = [tensor(name, array, triton_http) for name, array in sent.items()]
        over_http = client.infer("text_to_audio", inputs, parameters={"seed": 1}).as_numpy("audio_bytes")
    assert over_http[0, 0] == infer("text_to_audio", {"seed": 1}, **sent)["audio_bytes"][0, 0]


def test_recognition_takes_the_file(infer):
    file = infer("text_to_audio", {"seed": 1}, text=text(SENTENCE), format=text("ogg"))["audio_bytes"]
    assert infer("audio_to_text", audio_bytes=file)["transcript"].shape == (1, 1)


@pytest.mark.parametrize("audio_format", ["", "aac", "WAV", "wav ", "x" * 10_000, b"\xff"])
def test_unknown_format_is_refused_before_anything_is_spoken(client, infer, audio_format):
    def spoken():
        return client.get_inference_statistics("tts_tacotron2").model_stats[0].inference_stats.success.count

    before = spoken()
    with pytest.raises(InferenceServerException) as refused:
        infer("text_to_audio", text=text(SENTENCE), format=text(audio_format))
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert "format: expected wav, flac, ogg, mp3 or pcm" in refused.value.message()
    assert spoken() == before


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"audio_length": np.array([[0]], np.int64)}, "got none"),
        ({"audio_length": np.array([[101]], np.int64)}, "audio_length: expected 1 to 100"),
        ({"sample_rate_hz": np.array([[0]], np.int32)}, "sample_rate_hz: expected 8000"),
        ({"audio": np.full((1, 100), np.nan, np.float32)}, "NaN"),
        ({"audio": np.full((1, 100), 9000, np.float32)}, "32768 for int16"),
    ],
)
def test_audio_that_cannot_be_encoded_is_refused(infer, change, says):
    sent = {
        "audio": np.zeros((1, 100), np.float32),
        "audio_length": np.array([[100]], np.int64),
        "sample_rate_hz": np.array([[16_000]], np.int32),
        "format": text("wav"),
    }
    with pytest.raises(InferenceServerException) as refused:
        infer("audio_encoder", **sent | change)
    assert refused.value.status() == "StatusCode.INVALID_ARGUMENT"
    assert says in refused.value.message()
