"""Errors of model control."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tritone.errors import ServerError
from tritone.server.control import ModelControl


class Refusing(BaseHTTPRequestHandler):
    """Knows no model."""

    def do_GET(self):
        body = json.dumps({"error": "Request for unknown model: 'asr_windows' is not found"}).encode()
        self.send_response(400)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def refusing():
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_an_error_quotes_the_servers_message(refusing):
    with pytest.raises(ServerError, match=r"^tritonserver at .*: Request for unknown model: 'asr_windows'"):
        ModelControl(refusing, ("key", "value")).replace("asr_windows")


@pytest.mark.parametrize("action", ["load", "replace", "unload", "versions"])
def test_a_server_that_is_gone_is_a_server_error(action):
    with ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as closed:
        port = closed.server_address[1]
    with pytest.raises(ServerError, match="expected an answer from"):
        getattr(ModelControl(f"127.0.0.1:{port}", ("key", "value")), action)("asr_windows")
