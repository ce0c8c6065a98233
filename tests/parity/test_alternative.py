"""The view that tritone is compared with: it answers as NeMo does, one request at a time."""

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import soundfile

pytest.importorskip("fastapi", reason="not installed: `python3 tools/environment.py alternative` installs it")

from fastapi.testclient import TestClient

from perf.alternative import NETWORKS
from perf.alternative.app import build

ROOT = Path(__file__).resolve().parents[2]
BYTES = {"content-type": "application/octet-stream"}


class SlowSpeech:
    """Counts concurrent calls."""

    def __init__(self):
        self.most = self._now = 0
        self._lock = threading.Lock()

    def transcribe(self, file):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        return file.decode(), file.decode().capitalize() + "."

    def synthesize(self, text):
        return self.transcribe(text.encode())[0].encode()


def test_one_request_is_handled_at_a_time():
    speech = SlowSpeech()
    client = TestClient(build(speech))

    def ask(number):
        if number % 2:
            return client.post("/transcribe", content=b"one", headers=BYTES)
        return client.post("/synthesize", json={"text": "two"})

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(16)))
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].content == b"two"
    assert answers[1].json() == {"transcript": "one", "text": "One."}
    assert speech.most == 1


def test_bundled_checkpoints_understand_what_they_speak():
    from perf.alternative.speech import NemoSpeech

    names = ("quartznet", "punctuation_bert", "tacotron2", "waveglow")
    files = [ROOT / f"training/checkpoints/{name}_small_en.nemo" for name in names]
    client = TestClient(build(NemoSpeech(dict(zip(NETWORKS, files, strict=True)))))
    spoken = client.post("/synthesize", json={"text": "One two three. Four five six."})
    audio, rate_hz = soundfile.read(io.BytesIO(spoken.content))
    assert spoken.headers["content-type"] == "audio/wav"
    assert 2 < len(audio) / rate_hz < 8
    heard = client.post("/transcribe", content=spoken.content, headers=BYTES).json()
    assert set(heard["transcript"].split()) & {"one", "two", "three", "four", "five", "six"}
    assert heard["text"].lower().replace(".", "").replace(",", "") == heard["transcript"]
