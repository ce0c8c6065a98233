"""The real gateway in a thread, on a free port."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tritone_gateway.process.server import GatewayServer
from tritone_gateway.settings import Settings


class RunningGateway:
    """A gateway that serves while a block runs. Its data folder is a new one unless the settings name one."""

    def __init__(self, settings: Settings) -> None:
        self._data = TemporaryDirectory()
        if "data_folder" not in settings.model_fields_set:
            settings = settings.model_copy(update={"data_folder": Path(self._data.name)})
        self._server = GatewayServer(settings.model_copy(update={"gateway_port": 0}))
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    @property
    def url(self) -> str:
        """http://HOST:PORT."""
        return self._server.url

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
