"""NeMo behind FastAPI, one request at a time: what most people would write first.

    .venv-export/bin/python -m perf.alternative.app PORT RECOGNISER PUNCTUATION TACOTRON2 WAVEGLOW

The arguments after the port are .nemo files. It runs in the export environment with
perf/alternative/requirements.txt. POST a recording to /transcribe, or {"text": "..."} to /synthesize. NeMo's
models are not thread-safe, hence the lock.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Annotated, Protocol

import uvicorn
from fastapi import Body, FastAPI, Response
from pydantic import BaseModel

from perf.alternative import NETWORKS


class Speech(Protocol):
    """What the view calls; implemented by `NemoSpeech`."""

    def transcribe(self, file: bytes) -> tuple[str, str]:
        """Return transcript and punctuated text."""

    def synthesize(self, text: str) -> bytes:
        """Return a WAV file."""


class Transcription(BaseModel):
    """Response of /transcribe."""

    transcript: str
    text: str


class Text(BaseModel):
    """Request of /synthesize."""

    text: str


def build(speech: Speech) -> FastAPI:
    """Return the application around restored models."""
    app = FastAPI()
    turn = threading.Lock()

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ready"}

    @app.post("/transcribe")
    def transcribe(recording: Annotated[bytes, Body(media_type="application/octet-stream")]) -> Transcription:
        with turn:
            transcript, text = speech.transcribe(recording)
        return Transcription(transcript=transcript, text=text)

    @app.post("/synthesize")
    def synthesize(request: Text) -> Response:
        with turn:
            audio = speech.synthesize(request.text)
        return Response(audio, media_type="audio/wav")

    return app


def main() -> None:
    """Restore the models and serve until terminated."""
    port, *checkpoints = sys.argv[1:]
    from export.nemo_environment import prepare

    prepare(threads=len(os.sched_getaffinity(0)))
    from perf.alternative.speech import NemoSpeech

    speech = NemoSpeech(dict(zip(NETWORKS, map(Path, checkpoints), strict=True)))
    uvicorn.run(build(speech), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main()
