"""The real gateway in a thread, on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import FastAPI
from tritone_gateway.app import create_app
from tritone_gateway.backend import SpeechBackend
from tritone_gateway.backend.offered import Offered
from tritone_gateway.process.draining import Draining
from tritone_gateway.process.server import GatewayServer
from tritone_gateway.settings import Settings


class RunningGateway:
    """A gateway that serves while a block runs. Its data folder is a new one unless the settings name one.

    Args:
        settings: of the gateway; it listens on a free port.
        extend: adds routes to the application.
        backend: instead of Triton, for failures that Triton cannot be brought to.
    """

    def __init__(
        self,
        settings: Settings,
        extend: Callable[[FastAPI], None] | None = None,
        backend: SpeechBackend | None = None,
    ) -> None:
        self._data = TemporaryDirectory()
        if "data_folder" not in settings.model_fields_set:
            settings = settings.model_copy(update={"data_folder": Path(self._data.name)})
        self._backend = backend
        self._app = create_app(settings)
        self.draining: Draining = self._app.state.draining
        if extend is not None:
            extend(self._app)
        self._server = GatewayServer(settings.model_copy(update={"gateway_port": 0}), self._app)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """http://HOST:PORT, with a certificate https."""
        return self._server.url

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.url.rpartition(":")[2])

    def connect(self) -> socket.socket:
        """Return a connection, for what no well-behaved client sends."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def __enter__(self) -> RunningGateway:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the gateway did not start"
            time.sleep(0.01)
        if self._backend is not None:
            state, backend = self._app.state, self._backend
            state.services = replace(state.services, backend=backend, offered=Offered(backend))
        return self

    def stop(self) -> None:
        """Ask it to stop, as SIGTERM does."""
        self._server.should_exit = True

    def __exit__(self, *of_error: object) -> None:
        self.stop()
        self._thread.join()
        self._data.cleanup()


def failing_start(settings: Settings) -> None:
    """Start a gateway that cannot start; raises the reason."""
    GatewayServer(settings.model_copy(update={"gateway_port": 0})).run()
