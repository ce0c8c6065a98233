"""Everything that the steps of one command need to work on one node."""

from __future__ import annotations

from dataclasses import dataclass, replace

from deploy.checks import Checks
from deploy.layout import Layout
from deploy.lock import NodeLock
from deploy.node import Node, quoted
from deploy.progress import Progress
from deploy.release import Release, ReleaseState

STOP_S = 180.0


@dataclass(frozen=True)
class Timeouts:
    """How long is waited."""

    start_s: float = 600.0  # until a server has loaded every model
    drain_s: float = 600.0  # until the last request of the old server is answered


@dataclass(frozen=True)
class Session:
    """A node that is being worked on."""

    node: Node
    layout: Layout
    lock: NodeLock
    checks: Checks
    progress: Progress
    timeouts: Timeouts

    def alive(self, release: Release) -> bool:
        """Whether a release's server runs, and was not started again since."""
        script = self.layout.release(release.id).script("alive")
        answer = self.node.run(quoted("sh {}", script), check=False, supposing="0 0")
        return answer.code == 0 and answer.output.split()[1:] == ["0"]

    def start(self, release: Release) -> None:
        """Start a release's server."""
        self.node.run(quoted("sh {}", self.layout.release(release.id).script("start")))

    def stop(self, release: Release) -> None:
        """Stop a release's server; requests in flight are finished first."""
        self.node.run(quoted("sh {}", self.layout.release(release.id).script("stop")), timeout_s=STOP_S)

    def log(self, release: Release) -> str:
        """Return the end of a server's log."""
        script = self.layout.release(release.id).script("log")
        return self.node.run(quoted("sh {}", script), check=False).output

    def record(self, state: ReleaseState, outcome: str) -> None:
        """Write down what became of a release."""
        release = replace(state.release, outcome=outcome)
        self.node.write(self.layout.release(release.id).record, release.to_json())
