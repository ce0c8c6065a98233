"""POST /v1/audio/transcriptions on the real server, by the official SDK."""

from __future__ import annotations

import difflib
import io
import json
import math

import numpy as np
import openai
import pytest
import soundfile
from tritone_client import captions

from tests.gateway.audio.recordings import CONTAINERS, SAMPLE, SAMPLE_S, SAMPLES, encoded

MODEL = "whisper-1"
TWO_SENTENCES = SAMPLES / "report_us.flac"


@pytest.fixture(scope="module")
def expected(triton):
    """What tritone's client recognises in the sample."""
    return triton.transcribe(SAMPLE)


@pytest.fixture(scope="module")
def two(triton):
    """The same for a recording of two sentences."""
    return triton.transcribe(TWO_SENTENCES)


@pytest.fixture(scope="module")
def long_recording():
    """FLAC of several samples with pauses, a minute in all."""
    names = ["report_us", "prison_slt", "novel_awb", "report_rms", "novel_slt", "novel_scotland"]
    parts = [soundfile.read(SAMPLES / f"{name}.flac", dtype="float32")[0] for name in names]
    pause = np.zeros(20_000, np.float32)
    content = io.BytesIO()
    soundfile.write(
        content, np.concatenate([x for part in parts for x in (part, pause)]), 16_000, format="FLAC"
    )
    return "long.flac", content.getvalue()


def test_json_is_what_the_client_recognises(sdk, expected):
    answer = sdk.audio.transcriptions.create(file=SAMPLE, model=MODEL)
    assert answer.text == expected.text
    assert (answer.usage.type, answer.usage.seconds) == ("duration", SAMPLE_S)
    assert answer.logprobs is None


async def test_asynchronous_sdk_gets_the_same(async_sdk, expected):
    answer = await async_sdk.audio.transcriptions.create(file=SAMPLE, model="gpt-4o-transcribe")
    assert answer.text == expected.text


def test_text_is_the_text_and_a_line_end(sdk, expected):
    answer = sdk.audio.transcriptions.create(file=SAMPLE, model=MODEL, response_format="text")
    assert answer == expected.text + "\n"


@pytest.mark.parametrize("format", ["srt", "vtt"])
def test_captions_are_those_of_the_client(sdk, expected, format):
    answer = sdk.audio.transcriptions.create(file=SAMPLE, model=MODEL, response_format=format)
    assert answer == getattr(captions, format)(expected)


def test_segments_are_sentences_with_honest_values(sdk, two):
    answer = sdk.audio.transcriptions.create(file=TWO_SENTENCES, model=MODEL, response_format="verbose_json")
    assert isinstance(answer, openai.types.audio.TranscriptionVerbose)
    assert (answer.language, answer.text, answer.words) == ("english", two.text, None)
    assert answer.duration == pytest.approx(two.duration_s)
    assert [segment.id for segment in answer.segments] == [0, 1]
    assert " ".join(segment.text for segment in answer.segments) == two.text
    first, second = answer.segments
    assert first.start == pytest.approx(two.words[0].start_s, abs=1e-3)
    assert first.end <= second.start < second.end == pytest.approx(two.words[-1].end_s, abs=1e-3)
    count = len(first.text.split())
    mean = np.mean([math.log(word.confidence) for word in two.words[:count]])
    assert first.avg_logprob == pytest.approx(mean, rel=1e-5)
    assert 0.5 < first.compression_ratio < 2.4
    assert (first.no_speech_prob, first.seek, first.temperature, first.tokens) == (0.0, 0, 0.0, [])


@pytest.mark.parametrize("granularities", [["word"], ["word", "segment"]])
def test_words_have_times_and_no_punctuation(sdk, two, granularities):
    answer = sdk.audio.transcriptions.create(
        file=TWO_SENTENCES, model=MODEL, response_format="verbose_json", timestamp_granularities=granularities
    )
    assert [word.word.lower() for word in answer.words] == [word.word for word in two.words]
    assert answer.words[0].word == two.text.split()[0].strip(",")
    assert [word.start for word in answer.words] == pytest.approx([w.start_s for w in two.words], abs=1e-3)
    assert [word.end for word in answer.words] == pytest.approx([w.end_s for w in two.words], abs=1e-3)
    assert (answer.segments is not None) == ("segment" in granularities)


def test_logprobs_are_those_of_the_words(sdk, expected):
    answer = sdk.audio.transcriptions.create(file=SAMPLE, model=MODEL, include=["logprobs"])
    assert "".join(token.token for token in answer.logprobs) == expected.text
    assert bytes(map(int, answer.logprobs[1].bytes)).decode() == answer.logprobs[1].token
    assert [token.logprob for token in answer.logprobs] == pytest.approx(
        [math.log(word.confidence) for word in expected.words]
    )


@pytest.mark.parametrize("suffix", CONTAINERS)
def test_what_browsers_and_phones_record_is_recognised(sdk, triton, suffix):
    live = suffix == ".webm"  # as MediaRecorder writes it
    content = encoded(suffix, live=live)
    answer = sdk.audio.transcriptions.create(file=("recording", content), model=MODEL)
    assert answer.text == triton.transcribe(content).text
    assert "closely watched" in answer.text
    assert answer.usage.seconds == pytest.approx(SAMPLE_S, abs=0.2)


def test_figures_on_request(server, triton):
    from tritone_gateway.settings import Settings

    from tests.gateway.serving import RunningGateway

    digits = SAMPLES / "digits_rms_8000hz.wav"
    expected = triton.transcribe(digits, written=True)
    assert expected.written_text != expected.text
    settings = Settings(triton_url=server.grpc_url, openai_figures=True)
    with (
        RunningGateway(settings) as gateway,
        openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="none") as sdk,
    ):
        plain = sdk.audio.transcriptions.create(file=digits, model=MODEL, include=["logprobs"])
        verbose = sdk.audio.transcriptions.create(file=digits, model=MODEL, response_format="verbose_json")
    assert plain.text == expected.written_text
    assert "".join(token.token for token in plain.logprobs) == expected.written_text
    assert " ".join(segment.text for segment in verbose.segments) == expected.written_text


def test_events_join_to_the_text_of_the_whole(sdk, long_recording):
    whole = sdk.audio.transcriptions.create(file=long_recording, model=MODEL)
    *deltas, done = sdk.audio.transcriptions.create(
        file=long_recording, model=MODEL, stream=True, include=["logprobs"]
    )
    assert {event.type for event in deltas} == {"transcript.text.delta"}
    assert len(deltas) > 1
    assert done.type == "transcript.text.done"
    assert done.text == "".join(event.delta for event in deltas)
    alike = difflib.SequenceMatcher(None, done.text.split(), whole.text.split(), False).ratio()
    assert alike > 0.9  # each stretch is recognised by itself
    assert "".join(token.token for token in done.logprobs) == done.text
    assert done.usage.seconds == pytest.approx(whole.usage.seconds, abs=1e-3)


@pytest.mark.parametrize("suffix", [".webm", ".m4a"])
def test_long_recordings_of_browsers_and_phones_come_in_several_events(sdk, long_recording, tmp_path, suffix):
    source = tmp_path / "long.flac"
    source.write_bytes(long_recording[1])
    content = encoded(suffix, live=suffix == ".webm", source=source)
    *deltas, done = sdk.audio.transcriptions.create(file=("a", content), model=MODEL, stream=True)
    assert len(deltas) > 1
    assert "closely watched" in deltas[0].delta
    assert done.usage.seconds == pytest.approx(soundfile.info(source).duration, abs=0.2)


async def test_asynchronous_sdk_streams_a_short_recording_as_one_delta(async_sdk, expected):
    events = await async_sdk.audio.transcriptions.create(
        file=SAMPLE, model="gpt-4o-mini-transcribe", stream=True
    )
    delta, done = [event async for event in events]
    assert delta.delta == done.text == expected.text


def test_keywords_favour_phrases(sdk, triton):
    digits = SAMPLES / "digits_us_f2.flac"
    plain = sdk.audio.transcriptions.create(file=digits, model=MODEL)
    boosted = sdk.audio.transcriptions.create(file=digits, model=MODEL, keywords=["ate", "won"])
    assert boosted.text == triton.transcribe(digits, boost={"ate": 5, "won": 5}).text
    assert "ate" in boosted.text.lower() or plain.text == boosted.text


def test_fields_without_an_equal_are_accepted(sdk, expected):
    answer = sdk.audio.transcriptions.create(
        file=SAMPLE,
        model="gpt-transcribe",
        language="en",
        languages=["de", "en"],
        temperature=0.2,
        prompt="ZyntriQix, Digique Plus",
        chunking_strategy={"type": "server_vad", "silence_duration_ms": 300},
    )
    assert answer.text == expected.text


def test_silence_has_no_words(sdk):
    content = io.BytesIO()
    soundfile.write(content, np.zeros(32_000), 16_000, format="WAV")
    silence = ("silence.wav", content.getvalue())
    answer = sdk.audio.transcriptions.create(file=silence, model=MODEL, response_format="verbose_json")
    assert (answer.text, answer.segments, answer.duration) == ("", [], 2.0)
    (done,) = sdk.audio.transcriptions.create(file=silence, model=MODEL, stream=True)
    assert (done.type, done.text) == ("transcript.text.done", "")


def test_fields_are_documented(http):
    schema = http.get("/openapi.json").json()
    body = schema["paths"]["/v1/audio/transcriptions"]["post"]["requestBody"]["content"]
    fields = body["multipart/form-data"]["schema"]["properties"]
    assert fields["file"]["format"] == "binary"
    assert json.dumps(fields["timestamp_granularities"]).count("word")
