"""The demo synthesises a recognised text, and recognises the speech."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tritone_client import InvalidRequestError, ServerError, Speech, Transcription

from demo import synthesis
from demo.report import DemoReport

TEXT = "This is spoken."


class Service:
    """A client without a server; raises the given error."""

    def __init__(self, error=None):
        self.error = error
        self.transcribed = None

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
        self.transcribed = content
        return Transcription("this was spoken", "This was spoken.", (), 1.0)


@pytest.fixture
def report():
    return DemoReport(io.StringIO(), width=100, bold=False)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(synthesis, "FOLDER", tmp_path / "demo")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "demo"


def test_written_file_is_the_one_that_is_transcribed(report, folder):
    service = Service()
    assert synthesis.synthesise_and_recognise(service, Path("any/talk.flac"), TEXT, report)
    assert (folder / "talk_synthesised.wav").read_bytes() == service.transcribed
    title, *lines = report.stream.getvalue().strip().splitlines()
    assert title.startswith("talk.flac synthesised  1.00 s of speech in ")
    assert lines == [
        "text        This is spoken.",
        "file        demo/talk_synthesised.wav",
        "recognised  this was spoken",
        "punctuated  This was spoken.",
    ]


@pytest.mark.parametrize("error", [InvalidRequestError("text: why."), ServerError("text: why.")])
def test_text_that_cannot_be_synthesised_is_a_failure_with_the_reason(report, folder, error):
    assert not synthesis.synthesise_and_recognise(Service(error), Path("talk.flac"), TEXT, report)
    assert report.stream.getvalue() == "\ntalk.flac synthesised  failed\nerror       text: why.\n"
    assert not folder.exists()
