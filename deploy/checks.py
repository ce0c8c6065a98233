"""Requests to a node's servers and its proxy, through tunnels of the same connection."""

from __future__ import annotations

import http.client
import time
import urllib.request
from collections.abc import Callable

from tritone_client import Client, TritoneError

from deploy.errors import ProxyError, UnhealthyReleaseError
from deploy.node import Node
from deploy.progress import Progress
from deploy.smoke import SmokeTest
from tritone.server import Ports

_POLL_S = 0.3
_ALIVE_EVERY_S = 2.0
_ANSWER_S = 10.0


class Checks:
    """Sends requests through tunnels.

    Args:
        node: the node.
        progress: prints the results.
        smoke_test: run against a server before it serves.
    """

    def __init__(self, node: Node, progress: Progress, smoke_test: SmokeTest) -> None:
        self._node = node
        self._progress = progress
        self._smoke_test = smoke_test

    def wait_ready(self, ports: Ports, alive: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a server has loaded every model; raise UnhealthyReleaseError if it ends or is late."""
        started_s = checked_s = time.monotonic()
        with self._node.forward(f"127.0.0.1:{ports.http}") as url:
            while not _answers(f"http://{url}/v2/health/ready"):
                now_s = time.monotonic()
                if now_s - checked_s > _ALIVE_EVERY_S:
                    checked_s = now_s
                    if not alive():
                        raise UnhealthyReleaseError("server: expected it to load its models, it ended.")
                if now_s - started_s > timeout_s:
                    raise UnhealthyReleaseError(
                        f"server: expected it to be ready within {timeout_s:g} s, it was not; raise "
                        "--start-timeout if it only loads slowly."
                    )
                time.sleep(_POLL_S)
        self._progress.note(f"ready after {time.monotonic() - started_s:.1f} s")

    def wait_gateway(self, port: int, alive: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a gateway is ready; raise UnhealthyReleaseError if it ends or is late."""
        with self._node.forward(f"127.0.0.1:{port}") as url:
            answers = self.until(
                lambda: _answers(f"http://{url}/health/ready") or not alive(), timeout_s
            ) and _answers(f"http://{url}/health/ready")
        if not answers:
            raise UnhealthyReleaseError(
                f"gateway: expected it to be ready within {timeout_s:g} s, it was not."
            )
        self._progress.note("gateway ready")

    def smoke(self, ports: Ports) -> None:
        """Run the smoke test; raise UnhealthyReleaseError when a server fails it."""
        with (
            self._node.forward(f"127.0.0.1:{ports.grpc}") as grpc_url,
            self._node.forward(f"127.0.0.1:{ports.http}") as http_url,
        ):
            self._progress.note(self._smoke_test.run(grpc_url, http_url))

    def ready(self, address: str, ports: Ports) -> bool:
        """Return whether a server behind the ports reports ready, over both protocols."""
        with (
            self._node.forward(f"{address}:{ports.grpc}") as grpc_url,
            self._node.forward(f"{address}:{ports.http}") as http_url,
        ):
            if not _answers(f"http://{http_url}/v2/health/ready"):
                return False
            try:
                with Client(grpc_url, timeout_s=_ANSWER_S) as client:
                    return client.health().ready
            except TritoneError:
                return False

    def envoy(self, socket: str, path: str) -> str:
        """Return the response of Envoy's admin endpoint; raise ProxyError when there is none."""
        try:
            with (
                self._node.forward(socket) as url,
                urllib.request.urlopen(f"http://{url}{path}", timeout=_ANSWER_S) as answer,
            ):
                text: str = answer.read().decode()
                return text
        except (OSError, http.client.HTTPException) as error:
            raise ProxyError(
                f"Envoy: expected a response from its admin endpoint, got {type(error).__name__}: {error}."
            ) from error

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; return whether it became true in time."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_POLL_S)
        return True

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_S) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
