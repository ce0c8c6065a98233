"""`python -m deploy rollback`: bring the release that served before into service again."""

from __future__ import annotations

from dataclasses import dataclass, field

from deploy.activation import activate
from deploy.errors import NoReleaseError
from deploy.facts import read_facts
from deploy.layout import Layout
from deploy.options import Target
from deploy.progress import Progress
from deploy.proxy import Proxy
from deploy.release import NodeState, ReleaseState
from deploy.session import Timeouts
from deploy.smoke import SmokeTest
from deploy.working import alone, connected


@dataclass(frozen=True)
class RollbackOptions:
    """What is gone back to, and how."""

    smoke_test: SmokeTest
    release_id: str | None = None  # None: the one that served before
    timeouts: Timeouts = field(default_factory=Timeouts)


def rollback(target: Target, options: RollbackOptions, progress: Progress) -> None:
    """Switch a node back to an earlier release, with the same steps as a new one.

    Raises:
        NoReleaseError: there is none to go back to.
        DeployError: it did not come about; what served before still serves.
    """
    with connected(target, options.smoke_test, progress) as (node, checks):
        progress.step(f"Look at {target.host}")
        facts = read_facts(node, target.root)
        facts.require("flock", "setsid")
        layout = Layout(facts.root)
        with alone(node, layout, checks, progress, options.timeouts) as (session, state):
            chosen = choose_release(state, options.release_id)
            activate(session, Proxy(session, state, None), chosen, state)
        progress.step(f"{chosen.release.id} serves on {target.host} again")


def choose_release(state: NodeState, release_id: str | None) -> ReleaseState:
    """Return the release to go back to."""
    wanted = release_id or state.previous
    found = state.find(wanted)
    if found is None:
        kept = ", ".join(each.release.id for each in state.releases) or "none"
        raise NoReleaseError(
            f"release: expected one to go back to, got {wanted or 'none'}; the node has: {kept}. "
            "Name one with --to."
        )
    if wanted == state.current:
        raise NoReleaseError(f"release: expected another one than serves, got {wanted}; see `make status`.")
    return found
