"""`python -m deploy rollback`: switch back to the release that served before."""

from __future__ import annotations

from deploy.activation import activate
from deploy.errors import NoReleaseError
from deploy.facts import read_facts
from deploy.layout import NodeLayout
from deploy.options import Destination, Timeouts
from deploy.progress import Progress
from deploy.proxy import Proxy
from deploy.session import connected, locked
from deploy.smoke import SmokeTest
from deploy.state import NodeState, ReleaseState


def rollback(
    target: Destination, release_id: str | None, smoke_test: SmokeTest, timeouts: Timeouts, progress: Progress
) -> None:
    """Switch a node back to a release, or else to the one that served before; it is activated like a new one.

    Raises:
        NoReleaseError: there is none to switch to.
        DeployError: it failed; the release that served before still serves.
    """
    with connected(target, smoke_test, progress) as (node, checks):
        progress.step(f"Inspect {target.host}")
        facts = read_facts(node, target.root)
        facts.require("flock", "setsid")
        with locked(node, NodeLayout(facts.root), checks, progress, timeouts) as (session, state):
            chosen = choose_release(state, release_id)
            activate(session, Proxy(session, state), chosen, state)
        progress.step(f"{chosen.release.id} serves on {target.host} again")


def choose_release(state: NodeState, release_id: str | None) -> ReleaseState:
    """Return the release with an id, or else the one that served before; see rollback."""
    wanted = release_id or state.previous
    found = state.find(wanted)
    if found is None:
        kept = ", ".join(each.release.id for each in state.releases) or "none"
        raise NoReleaseError(
            f"release: expected one to switch back to, got {wanted or 'none'}; the node has: {kept}. "
            "Choose one with --to."
        )
    if wanted == state.current:
        raise NoReleaseError(
            f"release: expected one that does not serve already, got {wanted}; see `make status`."
        )
    return found
