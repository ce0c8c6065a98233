"""The same requests to Triton and to the gateway, with little work of the client's own."""

from __future__ import annotations

import http.client
import json
import secrets
import time
from dataclasses import dataclass

from tritone_client import Client

from perf.gateway.process import Gateway
from perf.instruments.errors import MeasurementError

_TRANSCRIPTIONS, _SPEECH = "/v1/audio/transcriptions", "/v1/audio/speech"


class Direct:
    """Calls Triton with tritone's client, on one connection."""

    def __init__(self, grpc_url: str) -> None:
        self._client = Client(grpc_url)

    def transcribe(self, recording: bytes) -> str:
        """Return the text of a recording."""
        return self._client.transcribe(recording).text

    def first_audio_s(self, text: str, seed: int) -> float:
        """Return the seconds to the first chunk of synthesised speech; receives the rest too."""
        started_s = time.perf_counter()
        arrived_s = [time.perf_counter() - started_s for _ in self._client.stream_synthesis(text, seed=seed)]
        return arrived_s[0]


@dataclass(frozen=True)
class Upload:
    """The body of a form with a recording."""

    body: bytes
    content_type: str


def upload(recording: bytes, name: str) -> Upload:
    """Return the form that OpenAI's clients send for a recording."""
    boundary = secrets.token_hex(16)
    fields = {"model": "whisper-1", "response_format": "json"}
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
        for field, value in fields.items()
    ]
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    body = b"".join([*parts, head, recording, f"\r\n--{boundary}--\r\n".encode()])
    return Upload(body, f"multipart/form-data; boundary={boundary}")


class Through:
    """Calls the gateway, on one connection that is kept open."""

    def __init__(self, gateway: Gateway) -> None:
        self._connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=600)

    def transcribe(self, form: Upload) -> str:
        """Return the text of a recording."""
        self._connection.request("POST", _TRANSCRIPTIONS, form.body, {"Content-Type": form.content_type})
        return str(json.loads(self._answer().read())["text"])

    def first_audio_s(self, text: str, form: str) -> float:
        """Return the seconds to the first byte of synthesised speech; receives the rest too."""
        body = json.dumps({"model": "tts-1", "voice": "alloy", "input": text, "response_format": form})
        started_s = time.perf_counter()
        self._connection.request("POST", _SPEECH, body, {"Content-Type": "application/json"})
        answer = self._answer()
        answer.read(1)
        first_s = time.perf_counter() - started_s
        answer.read()
        return first_s

    def _answer(self) -> http.client.HTTPResponse:
        answer = self._connection.getresponse()
        if answer.status != 200:
            raise MeasurementError(
                f"gateway: expected status 200, got {answer.status}: {answer.read()[:300]!r}"
            )
        return answer
