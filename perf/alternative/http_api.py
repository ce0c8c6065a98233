"""The HTTP APIs of both servers: how requests are written and responses read."""

from __future__ import annotations

import http.client
import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import soundfile
import tritonclient.http as triton
from tritone_client.settings import DEFAULT_TIMEOUT_S

from perf.instruments.errors import MeasurementError

SEED = 1  # of tritone's noise, so that all rounds do the same work
_BINARY_LENGTH = "inference-header-content-length"


class RefusedError(MeasurementError):
    """A server responded with an error, or not at all."""


@dataclass(frozen=True)
class Request:
    """One POST request, built before the measurement."""

    path: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The response."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case


@dataclass(frozen=True)
class HttpApi:
    """How requests to one server are written and its responses read."""

    transcription: Callable[[bytes], Request]  # of a WAV file
    text: Callable[[Answer], str]  # its punctuated text
    synthesis: Callable[[str], Request]
    wav: Callable[[Answer], bytes]


class Client:
    """A client with one persistent connection.

    Args:
        url: host:port.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection = http.client.HTTPConnection(url, timeout=DEFAULT_TIMEOUT_S)

    def send(self, request: Request) -> Answer:
        """Send a request; return the response.

        Raises:
            RefusedError: the status is not 200, or there was no response.
        """
        try:
            self._connection.request("POST", request.path, request.body, dict(request.headers))
            response = self._connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise RefusedError(
                f"http://{self._url}{request.path}: expected an answer, got {error!r}."
            ) from error
        if response.status != 200:
            raise RefusedError(
                f"http://{self._url}{request.path}: expected status 200, got {response.status}: "
                f"{body[:300].decode('utf-8', 'replace')}"
            )
        return Answer(body, {name.lower(): value for name, value in response.getheaders()})

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def duration_s(wav: bytes) -> float:
    """Return the length of a WAV file in seconds."""
    return float(soundfile.info(io.BytesIO(wav)).duration)


def _infer(model: str, parameters: Mapping[str, int] | None, **values: bytes) -> Request:
    inputs = []
    for name, value in values.items():
        tensor = triton.InferInput(name, [1, 1], "BYTES")
        tensor.set_data_from_numpy(np.array([[value]], dtype=object))
        inputs.append(tensor)
    body, json_length = triton.InferenceServerClient.generate_request_body(inputs, parameters=parameters)
    headers = {_BINARY_LENGTH: str(json_length), "content-type": "application/octet-stream"}
    return Request(f"/v2/models/{model}/infer", body, headers)


def _output(answer: Answer, name: str) -> bytes:
    length = answer.headers.get(_BINARY_LENGTH)
    result = triton.InferenceServerClient.parse_response_body(
        answer.body, header_length=int(length) if length else None
    )
    return bytes(result.as_numpy(name).ravel()[0])


TRITONE = HttpApi(
    transcription=lambda file: _infer("audio_to_text", None, audio_bytes=file),
    text=lambda answer: _output(answer, "text").decode(),
    synthesis=lambda text: _infer("text_to_audio", {"seed": SEED}, text=text.encode(), format=b"wav"),
    wav=lambda answer: _output(answer, "audio_bytes"),
)
ALTERNATIVE = HttpApi(
    transcription=lambda file: Request("/transcribe", file, {"content-type": "application/octet-stream"}),
    text=lambda answer: str(json.loads(answer.body)["text"]),
    synthesis=lambda text: Request(
        "/synthesize", json.dumps({"text": text}).encode(), {"content-type": "application/json"}
    ),
    wav=lambda answer: answer.body,
)
