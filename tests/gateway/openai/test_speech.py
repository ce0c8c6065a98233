import base64
import io
import json
import wave

import av
import numpy as np
import pytest
import soundfile
import soxr
from tritone_client.streaming.audio import pcm16

TEXT = "How are you? I am fine, and it is going to rain."
SEED = {"seed": 7}
CODEC_DELAY_S = 0.15  # at most: what MP3, AAC and Opus add at both ends
FORMATS = {
    "mp3": ("audio/mpeg", 0.97),
    "opus": ("audio/ogg; codecs=opus", 0.97),
    "aac": ("audio/aac", 0.97),
    "flac": ("audio/flac", 1.0),
    "wav": ("audio/wav", 1.0),
    "pcm": ("audio/pcm", 0.999),
}


@pytest.fixture(scope="module")
def whole(triton):
    """What text_to_speech makes of the text."""
    return triton.synthesize(TEXT, seed=7)


def decoded(content, format):
    """Return the samples of a file and their rate."""
    if format == "pcm":
        return np.frombuffer(content, "<i2") / np.float32(32768), 24_000
    with av.open(io.BytesIO(content)) as file:
        frames = list(file.decode(audio=0))
    samples = np.concatenate([frame.to_ndarray()[0] for frame in frames])
    scale = 32768 if samples.dtype == np.int16 else 1
    return samples.astype(np.float32) / np.float32(scale), frames[0].sample_rate


def likeness(heard, expected):
    """Return the correlation of two signals where they fit best."""
    size = 1 << (heard.size + expected.size).bit_length()
    products = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(expected, size)), size)
    return products.max() / np.sqrt(np.dot(heard, heard) * np.dot(expected, expected))


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_decodes_to_what_text_to_speech_says(sdk, whole, format):
    answer = sdk.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format=format, extra_body=SEED
    )
    media_type, least = FORMATS[format]
    assert answer.response.headers["Content-Type"] == media_type
    heard, rate_hz = decoded(answer.content, format)
    heard = soxr.resample(heard, rate_hz, whole.sample_rate_hz)
    assert whole.duration_s - 0.01 <= heard.size / whole.sample_rate_hz <= whole.duration_s + CODEC_DELAY_S
    assert likeness(heard, whole.samples) >= least - 1e-6


@pytest.mark.parametrize("format", ["wav", "flac"])
def test_lossless_formats_have_every_sample(sdk, whole, format):
    answer = sdk.audio.speech.create(
        model="tts-1-hd", voice="nova", input=TEXT, response_format=format, extra_body=SEED
    )
    found, rate_hz = decoded(answer.content, format)
    assert rate_hz == whole.sample_rate_hz
    np.testing.assert_array_equal(pcm16(found), pcm16(whole.samples))


def test_wav_of_unknown_length_is_read_to_its_end(sdk, whole):
    answer = sdk.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="wav", extra_body=SEED
    )
    with wave.open(io.BytesIO(answer.content)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, whole.sample_rate_hz)
        frames = file.readframes(10 * whole.samples.size)
    np.testing.assert_array_equal(np.frombuffer(frames, "<i2"), pcm16(whole.samples))


async def test_asynchronous_sdk_streams_to_a_file(async_sdk, whole, tmp_path):
    speaking = async_sdk.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts", voice="default", input=TEXT, response_format="flac", extra_body=SEED
    )
    async with speaking as answer:
        await answer.stream_to_file(tmp_path / "speech.flac")
    found, _ = decoded((tmp_path / "speech.flac").read_bytes(), "flac")
    assert found.size == whole.samples.size


def test_mp3_is_the_default(sdk):
    answer = sdk.audio.speech.create(model="tts-1", voice="alloy", input="No.")
    assert answer.response.headers["Content-Type"] == "audio/mpeg"


def test_events_hold_the_same_file(sdk, whole):
    speaking = sdk.audio.speech.with_streaming_response.create(
        model="gpt-4o-mini-tts",
        voice="alloy",
        input=TEXT,
        response_format="wav",
        stream_format="sse",
        extra_body=SEED,
    )
    with speaking as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    events = [json.loads(line.removeprefix("data: ")) for line in lines]
    *deltas, done = events
    assert len(deltas) > 1
    assert {event["type"] for event in deltas} == {"speech.audio.delta"}
    content = b"".join(base64.b64decode(event["audio"]) for event in deltas)
    np.testing.assert_array_equal(soundfile.read(io.BytesIO(content), dtype="int16")[0], pcm16(whole.samples))
    assert done["type"] == "speech.audio.done"
    assert done["usage"]["characters"] == len(TEXT)
    assert done["usage"]["seconds"] == pytest.approx(whole.duration_s, abs=1e-3)
    assert done["usage"]["total_tokens"] == 0


def test_speed_changes_the_length(sdk, whole):
    answer = sdk.audio.speech.create(
        model="tts-1", voice="alloy", input=TEXT, response_format="wav", speed=2.0, extra_body=SEED
    )
    heard, rate_hz = decoded(answer.content, "wav")
    assert heard.size / rate_hz == pytest.approx(whole.duration_s / 2, rel=0.1)


def test_voice_may_be_an_object_and_instructions_are_accepted(sdk):
    answer = sdk.audio.speech.create(
        model="tts-1", voice={"id": "default"}, input="No.", instructions="Cheerfully."
    )
    assert answer.content
