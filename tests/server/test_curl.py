"""The client README's examples with curl, against the live server."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import soundfile

from .conftest import RECORDINGS, ROOT, text

README = (ROOT / "clients/README.md").read_text(encoding="utf-8")
PUNCTUATE, TRANSCRIBE, SPEAK = re.findall(r"^```bash\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


@pytest.fixture
def run(server, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    shutil.copy(RECORDINGS / "prison_slt.flac", tmp_path / "meeting.flac")

    def run(example):
        script = "set -euo pipefail\n" + example.replace("localhost:8000", server.http_url)
        return subprocess.run(
            ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    return run


def data(answer, name):
    """Return the only element of an output in JSON."""
    (value,) = next(output["data"] for output in json.loads(answer)["outputs"] if output["name"] == name)
    return value


def test_a_text_is_punctuated(run):
    assert data(run(PUNCTUATE), "text").lower().startswith("how are you today")


def test_a_file_is_transcribed(run, infer):
    answer = run(TRANSCRIBE)
    content = (RECORDINGS / "prison_slt.flac").read_bytes()
    from_client = infer("audio_to_text", audio_bytes=text(content))
    assert data(answer, "text") == from_client["text"][0, 0].decode()
    assert data(answer, "duration_s") == pytest.approx(
        soundfile.info(RECORDINGS / "prison_slt.flac").duration
    )


def test_speech_is_a_file(run, tmp_path):
    run(SPEAK)
    assert soundfile.info(tmp_path / "morning.flac").duration > 0.5
