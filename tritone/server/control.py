"""Load and unload models of a running server; drain its requests before it stops."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..contract import is_stream
from ..errors import ServerError

_POLL_S = 0.05
_LOAD_S = 600.0  # for a full-size network with its warm-up, on a busy machine


class ModelControl:
    """The model repository endpoints of a running server.

    Args:
        url: host:port of its HTTP endpoint.
        header: name and value that unlock the restricted endpoints.
    """

    def __init__(self, url: str, header: tuple[str, str]) -> None:
        self._url = url
        self._header = header

    def load(self, model: str) -> None:
        """Load a model, or load it again if its files have changed, and warm it up.

        All versions in its config become available together. If one cannot be loaded, the server keeps those
        that it had.

        Raises:
            ServerError: the server refused and gave a reason, or did not answer.
        """
        self._ask(f"repository/models/{model}/load", _LOAD_S)

    def replace(self, model: str) -> None:
        """Load a model again although its files are the same, so that it gets new processes.

        The old ones serve requests until the new ones are warmed up.

        Raises:
            ServerError: the server refused and gave a reason, or did not answer.
        """
        with self._explained():
            config = self._config(model)
        # With an unchanged config Triton would keep the processes, even dead ones.
        config.setdefault("parameters", {})["reloaded_at"] = {"string_value": f"{time.time():.3f}"}
        body = {"parameters": {"config": json.dumps(config)}}
        self._ask(f"repository/models/{model}/load", _LOAD_S, body)

    def unload(self, model: str) -> None:
        """Unload a model; running requests are still answered.

        Raises:
            ServerError: the server refused and gave a reason, or did not answer.
        """
        self._ask(f"repository/models/{model}/unload")

    def versions(self, model: str) -> dict[int, str]:
        """Return the state of each version known to the server: READY, UNLOADING, UNAVAILABLE or LOADING.

        Raises:
            ServerError: the server refused and gave a reason, or did not answer.
        """
        return {
            int(entry["version"]): entry.get("state", "")
            for entry in self._ask("repository/index")
            if entry["name"] == model and "version" in entry
        }

    def wait_gone(self, model: str, version: int, timeout_s: float) -> None:
        """Wait until a version that is being unloaded has answered its last request.

        Raises:
            ServerError: it has not in time, or the server did not answer.
        """
        deadline = time.monotonic() + timeout_s
        while self.versions(model).get(version) in ("READY", "UNLOADING"):
            if time.monotonic() > deadline:
                raise ServerError(
                    f"{model} version {version}: expected its last request to be answered within "
                    f"{timeout_s:g} s, it is still running; wait and try again."
                )
            time.sleep(_POLL_S)

    def drain(self, timeout_s: float) -> bool:
        """Unload all public models and wait until their last request is answered.

        On SIGTERM Triton closes the queues of all models at once, and a running ensemble fails at its next
        step. Unloading the public models first rejects new requests, while running ones keep their models
        until they are answered.

        Returns:
            Whether all were answered in time; False if the server does not answer or has no model control.
        """
        deadline = time.monotonic() + timeout_s
        try:
            public = [model for model in self._loaded() if self._is_public(model)]
            return self._unload_all(public, deadline)
        except (urllib.error.URLError, OSError, ValueError):
            return False

    def unload_streams(self, timeout_s: float) -> bool:
        """Unload all models with streams, whose places would keep Triton from stopping.

        Returns:
            Whether they are gone; False while clients hold connections on which they had streams.
        """
        deadline = time.monotonic() + timeout_s
        try:
            models = [model for model in self._loaded() if "sequence_batching" in self._config(model)]
            return self._unload_all(models, deadline)
        except (urllib.error.URLError, OSError, ValueError):
            return True  # of a server that does not answer nothing is known

    def _unload_all(self, models: Sequence[str], deadline: float) -> bool:
        """Unload models; return whether their last request was answered before the deadline."""
        for model in models:
            self._post(f"repository/models/{model}/unload")
        while any(model in models for model in self._loaded()):
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def _loaded(self) -> list[str]:
        """Names of models that are ready or still have running requests."""
        index = self._post("repository/index")
        return [model["name"] for model in index if model.get("state") in ("READY", "UNLOADING")]

    def _is_public(self, model: str) -> bool:
        return is_stream(model) or bool(self._config(model).get("platform") == "ensemble")

    def _config(self, model: str) -> Any:
        return self._call(urllib.request.Request(f"http://{self._url}/v2/models/{model}/config"))

    def _ask(self, path: str, timeout_s: float = 10.0, body: Any = None) -> Any:
        with self._explained():
            return self._post(path, timeout_s, body)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Raise ServerError if the server refuses a request or does not answer it."""
        try:
            yield
        except urllib.error.HTTPError as error:
            raise ServerError(f"tritonserver at {self._url}: {_reason(error)}") from error
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise ServerError(
                f"tritonserver: expected an answer from {self._url}, got none ({error}); "
                "give the host and port of its HTTP endpoint."
            ) from error

    def _post(self, path: str, timeout_s: float = 10.0, body: Any = None) -> Any:
        data = json.dumps(body or {}).encode()
        request = urllib.request.Request(f"http://{self._url}/v2/{path}", data=data, method="POST")
        return self._call(request, timeout_s)

    def _call(self, request: urllib.request.Request, timeout_s: float = 10.0) -> Any:
        request.add_header(*self._header)
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            body = answer.read()
        return json.loads(body) if body else None


def _reason(error: urllib.error.HTTPError) -> str:
    """Return Triton's message without the traceback that it appends to it."""
    if error.code == 403:
        return "model control needs the key that the server was started with; give it (--admin-key)."
    text = error.read().decode("utf-8", errors="replace")
    with suppress(ValueError, KeyError, TypeError):
        text = json.loads(text)["error"]
    return text.partition("\n\nAt:")[0].strip() or f"status {error.code}"
