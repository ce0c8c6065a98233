"""The real gateway in a thread, on a free port."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from tritone_gateway.app import create_app
from tritone_gateway.settings import Settings


class RunningGateway:
    """A gateway that serves while a block runs. Its data folder is a new one unless the settings name one."""

    def __init__(self, settings: Settings) -> None:
        self._data = TemporaryDirectory()
        if "data_folder" not in settings.model_fields_set:
            settings = settings.model_copy(update={"data_folder": Path(self._data.name)})
        config = uvicorn.Config(create_app(settings), "127.0.0.1", 0, log_level="warning")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """http://HOST:PORT."""
        port = self._server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    def __enter__(self) -> RunningGateway:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the gateway did not start"
            time.sleep(0.01)
        return self

    def __exit__(self, *of_error: object) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._data.cleanup()
