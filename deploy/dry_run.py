"""A node that is never contacted: prints what would be done there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

from deploy.checks import Checks
from deploy.node import DEFAULT_TIMEOUT_S, CommandResult, Node, RemoteProcess
from deploy.tree import copy_command
from tritone.server import Ports


class DryRunNode(Node):
    """Prints commands instead of running them; their output is `dry_run_output`. Connects to nothing."""

    def run(
        self,
        command: str,
        *,
        timeout_s: float = DEFAULT_TIMEOUT_S,
        check: bool = True,
        dry_run_output: str = "",
    ) -> CommandResult:
        """Print the command."""
        self._progress.ran(command)
        return CommandResult(0, dry_run_output)

    def write(self, path: str, content: str) -> None:
        """Print the file."""
        self._progress.wrote(path, content)

    def copy(self, source: Path, target: str, unchanged_in: str | None) -> str:
        """Print the rsync command."""
        command = copy_command(self.host, self._ssh, source, target, unchanged_in)
        self._progress.ran_here(shlex.join(command))
        return "nothing sent"

    def open(self, command: str) -> RemoteProcess:
        """Print the command."""
        self._progress.ran(command)
        # Stands in for the process that holds the lock, until its input is closed.
        return RemoteProcess(["/bin/sh", "-c", "echo held; while read -r line; do :; done"])


class DryRunChecks(Checks):
    """Prints requests instead of sending them, and assumes success."""

    def wait_ready(self, ports: Ports, alive: Callable[[], bool], timeout_s: float) -> None:
        """Print the request."""
        self._progress.ran_here(
            f"through a tunnel: GET http://127.0.0.1:{ports.http}/v2/health/ready until ready, "
            f"at most {timeout_s:g} s"
        )

    def wait_gateway(self, port: int, alive: Callable[[], bool], timeout_s: float) -> None:
        """Print the request."""
        self._progress.ran_here(f"through a tunnel: GET http://127.0.0.1:{port}/health/ready until ready")

    def smoke(self, ports: Ports) -> None:
        """Print the requests."""
        names = ", ".join(recording.name for recording in self._smoke_test.recordings)
        self._progress.ran_here(
            f"through tunnels to ports {ports.grpc} and {ports.http}: transcribe {names}; "
            f"synthesize {json.dumps(self._smoke_test.text)} and transcribe it; over gRPC and HTTP"
        )

    def ready(self, address: str, ports: Ports) -> bool:
        """Print the request."""
        self._progress.ran_here(f"through tunnels: is {address} ready on ports {ports.http} and {ports.grpc}")
        return True

    def envoy(self, socket: str, path: str) -> str:
        """Print the request."""
        self._progress.ran_here(f"through a tunnel to {socket}: GET {path}")
        return ""

    def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Evaluate the condition once."""
        condition()
        return True

    def pause(self, seconds: float) -> None:
        """Do not sleep."""
