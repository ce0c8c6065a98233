"""With the real Triton: what is recognised and spoken is stored, and comes back."""

import io
import time
from datetime import datetime, timedelta, timezone

import av
import httpx
import pytest
import soundfile

from tests.gateway.audio.recordings import SAMPLE, SAMPLE_S, encoded


@pytest.fixture(scope="module")
def posted(gateway):
    """A recording that was posted, and the answer."""
    with SAMPLE.open("rb") as file:
        answer = httpx.post(
            f"{gateway.url}/api/asr",
            files={"audio": ("../../etc/passwd.exe", file, "text/html")},
            data={"name": "A lesson"},
            timeout=60,
        )
    assert answer.status_code == 201, answer.text
    return answer


def test_recording_is_recognised_as_by_the_client_and_stored(http, posted, triton):
    expected, record = triton.transcribe(SAMPLE), posted.json()
    assert record["Output"] == expected.text
    assert record["transcript"] == expected.transcript
    assert [word["word"] for word in record["words"]] == [word.word for word in expected.words]
    assert record["words"][0].keys() == {"word", "start_s", "end_s", "confidence"}
    assert record["name"] == "A lesson"
    assert (record["state"], record["progress"], record["error"]) == ("done", 1.0, None)
    assert record["duration_s"] == pytest.approx(SAMPLE_S)
    assert 0 < record["inference_time"] < 60
    age = datetime.now(timezone.utc) - datetime.fromisoformat(record["created_at"].replace("Z", "+00:00"))
    assert timedelta() <= age < timedelta(minutes=5)
    assert http.get(posted.headers["Location"]).json() == record


def test_audio_comes_back_as_what_it_is_and_not_as_the_caller_called_it(http, posted):
    record = posted.json()
    assert record["audio"] == f"{http.base_url}/media/asr/{record['uuid']}.flac"
    audio = http.get(record["audio"])
    assert audio.content == SAMPLE.read_bytes()
    assert audio.headers["Content-Type"] == "audio/flac"
    assert audio.headers["X-Content-Type-Options"] == "nosniff"
    assert "passwd" not in str(audio.headers)


def test_what_a_browser_records_is_recognised_and_kept(http, posted):
    recorded = encoded(".webm", live=True)
    record = http.post("/api/asr/", files={"audio": ("blob", recorded)}).json()
    assert record["transcript"] == posted.json()["transcript"]
    assert record["audio"].endswith(".webm")
    assert http.get(record["audio"]).headers["Content-Type"] == "audio/webm"


def test_numbers_are_given_in_figures_on_request(http):
    recording = SAMPLE.with_name("digits_us_f2.flac")
    with recording.open("rb") as file:
        record = http.post("/api/asr", files={"audio": file}, data={"written": "true"}).json()
    assert any(character.isdigit() for character in record["written_text"])
    assert not any(character.isdigit() for character in record["Output"])


def test_in_the_background_the_same_is_recognised(http, posted):
    with SAMPLE.open("rb") as file:
        answer = http.post("/api/asr?background=true", files={"audio": file})
    assert answer.status_code == 202
    end = time.monotonic() + 60
    while (record := http.get(answer.headers["Location"]).json())["state"] != "done":
        assert time.monotonic() < end
        time.sleep(0.05)
    same = ("Output", "transcript", "words", "duration_s")
    assert {name: record[name] for name in same} == {name: posted.json()[name] for name in same}


@pytest.mark.parametrize("form", ["json", "data"])
def test_text_is_spoken_as_by_the_client_and_stored(http, triton, form):
    asked = {"text": "Good morning.", "name": "greeting", "seed": 7, "speed": 1.25}
    record = http.post("/api/tts", **{form: asked}).json()
    samples, rate_hz = soundfile.read(io.BytesIO(http.get(record["audio"]).content), dtype="float32")
    expected = triton.synthesize("Good morning.", seed=7, speed=1.25)
    assert rate_hz == expected.sample_rate_hz
    assert samples == pytest.approx(expected.samples, abs=2 / 32768)
    assert record["text_content"] == "Good morning."
    assert (record["name"], record["format"]) == ("greeting", "wav")
    assert record["duration_s"] == pytest.approx(expected.duration_s)
    assert http.get(f"/api/tts/{record['uuid']}").json() == record


@pytest.mark.parametrize(
    ("format", "codec", "content_type"),
    [
        ("flac", "flac", "audio/flac"),
        ("mp3", "mp3float", "audio/mpeg"),
        ("opus", "libopus", "audio/ogg; codecs=opus"),
        ("aac", "aac", "audio/aac"),
    ],
)
def test_speech_is_stored_in_the_format_that_is_asked_for(http, format, codec, content_type):
    record = http.post("/api/tts/", json={"text": "Good morning.", "format": format}).json()
    assert record["format"] == format
    audio = http.get(record["audio"])
    assert audio.headers["Content-Type"] == content_type
    with av.open(io.BytesIO(audio.content)) as file:
        assert file.streams.audio[0].codec_context.name in (codec, format, codec.removeprefix("lib"))
        seconds = sum(frame.samples / frame.sample_rate for frame in file.decode(audio=0))
    assert seconds == pytest.approx(record["duration_s"], abs=0.15)


def test_wav_of_a_record_says_how_long_it_is(http):
    record = http.post("/api/tts", json={"text": "Good morning."}).json()
    audio = http.get(record["audio"]).content
    assert int.from_bytes(audio[4:8], "little") == len(audio) - 8
