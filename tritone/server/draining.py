"""Let requests in flight finish before a server stops.

On SIGTERM Triton closes every model's queue at once, and an ensemble that is half way then fails at its next
step. Unloading the ensembles first does it in order: new requests are refused, those under way keep their
model until they are answered.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

_POLL_S = 0.05


class ModelControl:
    """The model repository endpoints of a running server.

    Args:
        url: host:port of its HTTP endpoint.
        header: name and value that unlock the restricted endpoints.
    """

    def __init__(self, url: str, header: tuple[str, str]) -> None:
        self._url = url
        self._header = header

    def drain(self, timeout_s: float) -> bool:
        """Unload all ensembles and wait until their last request is answered.

        Returns:
            Whether that was reached in time; False too when the server does not answer or has no model
            control.
        """
        deadline = time.monotonic() + timeout_s
        try:
            pipelines = [model for model in self._loaded() if self._is_ensemble(model)]
            for model in pipelines:
                self._post(f"repository/models/{model}/unload")
            while any(model in pipelines for model in self._loaded()):
                if time.monotonic() > deadline:
                    return False
                time.sleep(_POLL_S)
        except (urllib.error.URLError, OSError, ValueError):
            return False
        return True

    def _loaded(self) -> list[str]:
        """Names of models that are ready or still have requests to answer."""
        index = self._post("repository/index")
        return [model["name"] for model in index if model.get("state") in ("READY", "UNLOADING")]

    def _is_ensemble(self, model: str) -> bool:
        config = self._call(urllib.request.Request(f"http://{self._url}/v2/models/{model}/config"))
        return bool(config.get("platform") == "ensemble")

    def _post(self, path: str) -> Any:
        return self._call(urllib.request.Request(f"http://{self._url}/v2/{path}", data=b"{}", method="POST"))

    def _call(self, request: urllib.request.Request) -> Any:
        request.add_header(*self._header)
        with urllib.request.urlopen(request, timeout=10) as answer:
            body = answer.read()
        return json.loads(body) if body else None
