"""A receiver of webhooks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Message:
    """A message as it arrived."""

    path: str
    headers: dict[str, str]  #: by name in lower case
    body: bytes


@dataclass
class Receiver:
    """Answers with one status after another, the last for ever."""

    statuses: Sequence[int]
    url: str = ""
    messages: list[Message] = field(default_factory=list)

    def answer(self) -> int:
        """Return the status of the message that came last."""
        return self.statuses[min(len(self.messages), len(self.statuses)) - 1]


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """Receive webhooks while a block runs."""
    received = Receiver(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received.messages.append(Message(self.path, headers, body))
            self.send_response(received.answer())
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received.url = f"http://localhost:{server.server_port}/told"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
