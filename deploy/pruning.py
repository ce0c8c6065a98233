"""Remove what no release needs any more."""

from __future__ import annotations

from deploy.node import quoted
from deploy.release import NodeState, Release
from deploy.session import Session


def removable(state: NodeState, keep: int) -> list[Release]:
    """Return the releases to remove: all but the newest `keep`, the serving one and the one before.

    Args:
        state: of the node.
        keep: how many to keep at least, those two included.
    """
    spared = {state.current, state.previous}
    others = [found for found in state.releases if found.release.id not in spared and not found.runs]
    kept = len(state.releases) - len(others)
    newest_first = [found.release for found in reversed(others)]
    return newest_first[max(0, keep - kept) :]


def unused_environments(state: NodeState, removed: list[Release]) -> list[str]:
    """Return the environments that neither a kept release nor the proxy uses."""
    kept = [found.release for found in state.releases if found.release not in removed]
    used = {release.environment for release in kept}
    envoy = state.proxy.envoy if state.proxy else ""
    return [
        name
        for name in state.environments
        if name.startswith(("node-", "front-door-")) and name not in used and f"/{name}/" not in envoy
    ]


def prune(session: Session, state: NodeState, keep: int) -> None:
    """Remove old releases and environments."""
    removed = removable(state, keep)
    unused = unused_environments(state, removed)
    if not removed and not unused:
        return
    names = ", ".join([release.id for release in removed] + unused)
    session.progress.step(f"Remove {names}")
    for release in removed:
        folder = session.layout.release(release.id)
        session.node.run(quoted("sh {}; rm -rf {}", folder.script("discard"), folder.path), timeout_s=300)
    for name in unused:
        session.node.run(quoted("rm -rf {}", f"{session.layout.environments}/{name}"), timeout_s=300)
