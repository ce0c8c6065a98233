"""The demo speaks what was recognised, and recognises it again."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tritone_client import InvalidRequestError, ServerError, Speech, Transcription

from demo import speaking
from demo.report import Report

TEXT = "This is said."


class Service:
    """Answers as a client does, without a server; raises what it was given."""

    def __init__(self, error=None):
        self.error = error
        self.heard = None

    def synthesize(self, text, **_):
        return Speech(np.zeros(160, np.float32), 16_000)

    def synthesize_encoded(self, text, format, **_):
        if self.error:
            raise self.error
        assert (text, format) == (TEXT, "wav")
        with io.BytesIO() as file:
            soundfile.write(file, np.zeros(16_000), 16_000, format="WAV")
            return file.getvalue()

    def transcribe(self, content):
        self.heard = content
        return Transcription("this was heard", "This was heard.", (), 1.0)


@pytest.fixture
def report():
    return Report(io.StringIO(), width=100, bold=False)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(speaking, "FOLDER", tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "demo"


def test_the_file_that_is_written_is_the_one_that_is_heard(report, folder):
    service = Service()
    assert speaking.speak_again(service, Path("any/talk.flac"), TEXT, report)
    assert (folder / "talk_spoken.wav").read_bytes() == service.heard
    title, *lines = report.stream.getvalue().strip().splitlines()
    assert title.startswith("talk.flac spoken again  1.00 s of speech in ")
    assert lines == [
        "spoken      This is said.",
        "file        demo/talk_spoken.wav",
        "recognised  this was heard",
        "punctuated  This was heard.",
    ]


@pytest.mark.parametrize("error", [InvalidRequestError("text: why."), ServerError("text: why.")])
def test_a_text_that_cannot_be_spoken_is_a_failure_with_the_reason(report, folder, error):
    assert not speaking.speak_again(Service(error), Path("talk.flac"), TEXT, report)
    assert report.stream.getvalue() == "\ntalk.flac spoken again  failed\nerror       text: why.\n"
    assert not folder.exists()
