import io
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import soundfile

from perf.alternative.http_api import (
    ALTERNATIVE,
    SEED,
    TRITONE,
    Answer,
    Client,
    RefusedError,
    Request,
    duration_s,
)


def tensor_bytes(value):
    return len(value).to_bytes(4, "little") + value


def kserve_answer(name, value):
    """As Triton writes a BYTES output with the binary extension."""
    content = tensor_bytes(value)
    described = {"name": name, "datatype": "BYTES", "shape": [1, 1]}
    header = json.dumps(
        {"outputs": [described | {"parameters": {"binary_data_size": len(content)}}]}
    ).encode()
    return Answer(header + content, {"inference-header-content-length": str(len(header))})


def header_and_content(request):
    length = int(request.headers["inference-header-content-length"])
    return json.loads(request.body[:length]), request.body[length:]


def test_tritone_is_sent_the_file_as_it_is():
    request = TRITONE.transcription(b"RIFF....")
    header, content = header_and_content(request)
    assert request.path == "/v2/models/audio_to_text/infer"
    assert header["inputs"][0]["shape"] == [1, 1]
    assert content == tensor_bytes(b"RIFF....")


def test_tritone_speaks_with_a_fixed_seed():
    header, content = header_and_content(TRITONE.synthesis("Grüß Gott."))
    assert header["parameters"]["seed"] == SEED
    assert content == tensor_bytes("Grüß Gott.".encode()) + tensor_bytes(b"wav")


def test_answers_of_tritone_are_read_from_their_tensors():
    assert TRITONE.text(kserve_answer("text", "Grüße.".encode())) == "Grüße."
    assert TRITONE.wav(kserve_answer("audio_bytes", b"RIFF")) == b"RIFF"


def test_the_alternative_takes_the_file_and_json():
    assert ALTERNATIVE.transcription(b"RIFF").body == b"RIFF"
    assert json.loads(ALTERNATIVE.synthesis("One.").body) == {"text": "One."}
    assert ALTERNATIVE.text(Answer(b'{"transcript": "one", "text": "One."}')) == "One."


def test_duration_is_read_from_a_wav_file():
    file = io.BytesIO()
    soundfile.write(file, np.zeros(8000, np.float32), 16000, format="WAV")
    assert duration_s(file.getvalue()) == 0.5


@pytest.fixture
def echo():
    """Echoes what is posted; answers 503 on /busy."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            body = b"queue is full" if self.path == "/busy" else body
            self.send_response(503 if self.path == "/busy" else 200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Peer", str(self.client_address[1]))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def test_a_client_keeps_its_connection(echo):
    client = Client(echo)
    answers = [client.send(Request("/", b"a")), client.send(Request("/", b"b"))]
    client.close()
    assert [answer.body for answer in answers] == [b"a", b"b"]
    assert len({answer.headers["x-peer"] for answer in answers}) == 1


def test_a_server_that_has_gone_is_an_error_that_says_so():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = Client(f"127.0.0.1:{port}")
    with pytest.raises(RefusedError, match="expected an answer, got ConnectionRefusedError"):
        client.send(Request("/", b"a"))


def test_an_error_status_is_an_error_with_its_reason(echo):
    client = Client(echo)
    with pytest.raises(RefusedError, match="/busy: expected status 200, got 503: queue is full"):
        client.send(Request("/busy", b"a"))
    client.close()
