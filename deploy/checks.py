"""What is asked of a node's servers and proxy, through tunnels of the same connection."""

from __future__ import annotations

import http.client
import json
import time
import urllib.request
from collections.abc import Callable
from typing import Protocol

from tritone_client import Client, TritoneError

from deploy.errors import ProxyError, UnhealthyReleaseError
from deploy.node import Node
from deploy.ports import PortTriple
from deploy.progress import Progress
from deploy.smoke import SmokeTest

_POLL_S = 0.3
_ALIVE_EVERY_S = 2.0
_ANSWER_S = 10.0


class Checks(Protocol):
    """Questions to servers; a dry run asks none."""

    def wait_ready(self, ports: PortTriple, alive: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a server has loaded every model; raise UnhealthyReleaseError when it ends or is late."""

    def smoke(self, ports: PortTriple) -> None:
        """Raise UnhealthyReleaseError when a server does not hear and speak."""

    def ready(self, address: str, ports: PortTriple) -> bool:
        """Return whether somebody answers on the ports, over both protocols, and is ready."""

    def envoy(self, socket: str, path: str) -> str:
        """Return what Envoy's admin endpoint answers; raise ProxyError when it does not."""

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition; return whether it came true in time."""

    def pause(self, seconds: float) -> None:
        """Wait."""


class TunnelChecks:
    """Asks through tunnels.

    Args:
        node: the node.
        progress: hears of the answers.
        smoke_test: what a server is asked.
    """

    def __init__(self, node: Node, progress: Progress, smoke_test: SmokeTest) -> None:
        self._node = node
        self._progress = progress
        self._smoke_test = smoke_test

    def wait_ready(self, ports: PortTriple, alive: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a server has loaded every model."""
        started_s = looked_s = time.monotonic()
        with self._node.forward(f"127.0.0.1:{ports.http}") as url:
            while not _answers(f"http://{url}/v2/health/ready"):
                now_s = time.monotonic()
                if now_s - looked_s > _ALIVE_EVERY_S:
                    looked_s = now_s
                    if not alive():
                        raise UnhealthyReleaseError("server: expected it to load its models, it ended.")
                if now_s - started_s > timeout_s:
                    raise UnhealthyReleaseError(
                        f"server: expected it to be ready within {timeout_s:g} s, it is not; give it longer "
                        "(--start-timeout) if it only loads slowly."
                    )
                time.sleep(_POLL_S)
        self._progress.note(f"ready after {time.monotonic() - started_s:.1f} s")

    def smoke(self, ports: PortTriple) -> None:
        """Let a server hear and speak."""
        with (
            self._node.forward(f"127.0.0.1:{ports.grpc}") as grpc_url,
            self._node.forward(f"127.0.0.1:{ports.http}") as http_url,
        ):
            self._progress.note(self._smoke_test.run(grpc_url, http_url))

    def ready(self, address: str, ports: PortTriple) -> bool:
        """Return whether the ports answer."""
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
        """Return what Envoy's admin endpoint answers."""
        try:
            with (
                self._node.forward(socket) as url,
                urllib.request.urlopen(f"http://{url}{path}", timeout=_ANSWER_S) as answer,
            ):
                text: str = answer.read().decode()
                return text
        except (OSError, http.client.HTTPException) as error:
            raise ProxyError(f"Envoy: expected an answer of its admin endpoint, got {error}.") from error

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition."""
        deadline_s = time.monotonic() + timeout_s
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            time.sleep(_POLL_S)
        return True

    def pause(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class DryChecks:
    """Prints what would be asked."""

    def __init__(self, progress: Progress, smoke_test: SmokeTest) -> None:
        self._progress = progress
        self._smoke_test = smoke_test

    def wait_ready(self, ports: PortTriple, alive: Callable[[], bool], timeout_s: float) -> None:
        """Wait until a server has loaded every model."""
        self._progress.ran_here(
            f"through a tunnel: GET http://127.0.0.1:{ports.http}/v2/health/ready until ready, "
            f"at most {timeout_s:g} s"
        )

    def smoke(self, ports: PortTriple) -> None:
        """Let a server hear and speak."""
        names = ", ".join(recording.name for recording in self._smoke_test.recordings)
        self._progress.ran_here(
            f"through tunnels to ports {ports.grpc} and {ports.http}: transcribe {names}; "
            f"synthesize {json.dumps(self._smoke_test.text)} and transcribe it; over gRPC and HTTP"
        )

    def ready(self, address: str, ports: PortTriple) -> bool:
        """Return whether the ports answer."""
        self._progress.ran_here(f"through tunnels: is {address} ready on ports {ports.http} and {ports.grpc}")
        return True

    def envoy(self, socket: str, path: str) -> str:
        """Return what Envoy's admin endpoint answers."""
        self._progress.ran_here(f"through a tunnel to {socket}: GET {path}")
        return ""

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait for a condition."""
        condition()
        return True

    def pause(self, seconds: float) -> None:
        """Wait."""


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=_ANSWER_S) as answer:
            return bool(answer.status == 200)
    except (OSError, http.client.HTTPException):
        return False
