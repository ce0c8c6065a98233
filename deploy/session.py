"""A session on a node: its connection, its lock, and the operations on its releases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from deploy.checks import Checks
from deploy.dry_run import DryRunChecks, DryRunNode
from deploy.layout import NodeLayout
from deploy.lock import NodeLock
from deploy.node import Node, quoted
from deploy.options import Destination, Timeouts
from deploy.progress import Progress
from deploy.smoke import SmokeTest
from deploy.state import NodeState, Release, ReleaseState, read_state, to_json

STOP_S = 180.0


@dataclass(frozen=True)
class NodeSession:
    """A locked node, with what the steps of a command need."""

    node: Node
    layout: NodeLayout
    lock: NodeLock
    checks: Checks
    progress: Progress
    timeouts: Timeouts

    def alive(self, release: Release) -> bool:
        """Whether a release's server is running and was never restarted."""
        answer = self.node.run(self._script(release, "alive"), check=False, dry_run_output="0 0")
        return answer.code == 0 and answer.output.split()[1:] == ["0"]

    def start(self, release: Release) -> None:
        """Start a release's server."""
        self.node.run(self._script(release, "start"))

    def stop(self, release: Release) -> None:
        """Stop a release's server once it has finished its requests in flight."""
        self.node.run(self._script(release, "stop"), timeout_s=STOP_S)

    def log(self, release: Release) -> str:
        """Return the end of a server's log."""
        return self.node.run(self._script(release, "log"), check=False).output

    def record(self, state: ReleaseState, outcome: str) -> None:
        """Record the outcome of a release on the node."""
        release = replace(state.release, outcome=outcome)
        self.node.write(self.layout.release(release.id).record, to_json(release))

    def _script(self, release: Release, name: str) -> str:
        return quoted("sh {}", self.layout.release(release.id).script(name))


@contextmanager
def connected(
    target: Destination, smoke_test: SmokeTest, progress: Progress
) -> Iterator[tuple[Node, Checks]]:
    """Yield the node and the checks of what runs on it."""
    if target.dry_run:
        progress.step(
            f"Dry run: does not connect to {target.host}; assumes that it meets the requirements and already "
            "serves a release"
        )
        dry_node = DryRunNode(target.host, target.ssh_arguments, progress)
        yield dry_node, DryRunChecks(dry_node, progress, smoke_test)
        return
    with Node(target.host, target.ssh_arguments, progress) as node:
        yield node, Checks(node, progress, smoke_test)


@contextmanager
def locked(
    node: Node, layout: NodeLayout, checks: Checks, progress: Progress, timeouts: Timeouts
) -> Iterator[tuple[NodeSession, NodeState]]:
    """Lock a node, stop what an interrupted deploy left running, and yield a session and the node's state."""
    with NodeLock(node, layout, progress) as lock:
        tidy = quoted("if [ -f {0} ]; then sh {0}; fi", layout.tidy)  # absent on a node without releases
        stopped = node.run(tidy, timeout_s=STOP_S).output.strip()
        if stopped:
            progress.note(f"left by an interrupted deploy:\n{stopped}")
        yield NodeSession(node, layout, lock, checks, progress, timeouts), read_state(node, layout)
