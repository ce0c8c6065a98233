"""Connect to a node, take its lock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from deploy.checks import Checks, DryChecks, TunnelChecks
from deploy.dry_run import DryNode
from deploy.layout import Layout
from deploy.lock import NodeLock
from deploy.node import Node, quoted
from deploy.options import Target
from deploy.progress import Progress
from deploy.release import NodeState, read_state
from deploy.session import STOP_S, Session, Timeouts
from deploy.smoke import SmokeTest
from deploy.ssh import SshNode
from deploy.tunnels import require_tunnels

# In a dry run the node is supposed to serve a release already, so that all steps are shown.
_SUPPOSED_STATE = """now 1
current 20260101-000000-0000000000
proxy {"address": "0.0.0.0", "ports": {"http": 8000, "grpc": 8001, "metrics": 8002}, \
"runtime": "process", "envoy": "E"}
proxy-runs
release {"id": "20260101-000000-0000000000", "commit": "0000000000", "version": "0", "created_at": "", \
"created_by": "", "runtime": "process", "model_config_name": null, \
"ports": {"http": 18000, "grpc": 18001, "metrics": 18002}, "environment": null, "outcome": "served"}
running 20260101-000000-0000000000 1 0
release {"id": "20251231-000000-0000000000", "commit": "0000000000", "version": "0", "created_at": "", \
"created_by": "", "runtime": "process", "model_config_name": null, \
"ports": {"http": 18003, "grpc": 18004, "metrics": 18005}, "environment": null, "outcome": "served"}
previous 20251231-000000-0000000000
"""


@contextmanager
def connected(target: Target, smoke_test: SmokeTest, progress: Progress) -> Iterator[tuple[Node, Checks]]:
    """Yield the node and the questions that can be asked to what runs there."""
    if target.dry_run:
        progress.step(
            f"Dry run: nothing connects to {target.host}; it is supposed to have all that is needed and to "
            "serve a release"
        )
        yield DryNode(target.host, target.ssh_arguments, progress), DryChecks(progress, smoke_test)
        return
    with SshNode(target.host, target.ssh_arguments, progress) as node:
        require_tunnels(node)
        yield node, TunnelChecks(node, progress, smoke_test)


@contextmanager
def alone(
    node: Node, layout: Layout, checks: Checks, progress: Progress, timeouts: Timeouts
) -> Iterator[tuple[Session, NodeState]]:
    """Yield the node under its lock, with what an interrupted deploy left stopped, and its state."""
    with NodeLock(node, layout, progress) as lock:
        tidy = quoted("if [ -f {0} ]; then sh {0}; fi", layout.tidy)  # a node without releases has none
        tidied = node.run(tidy, timeout_s=STOP_S).output.strip()
        if tidied:
            progress.note(f"left by an interrupted deploy:\n{tidied}")
        yield Session(node, layout, lock, checks, progress, timeouts), current_state(node, layout)


def current_state(node: Node, layout: Layout) -> NodeState:
    """Return what is on the node."""
    return read_state(node, layout, _SUPPOSED_STATE)
