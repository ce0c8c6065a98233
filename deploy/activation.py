"""Bring a release into service: start it beside the old one, try it, switch, drain and stop the old one."""

from __future__ import annotations

import re

from deploy.errors import DeployError, UnreachableError
from deploy.front_door import FrontDoor
from deploy.release import NodeState, Release, ReleaseState
from deploy.visit import Visit
from tritone.server.log import is_harmless

_ERROR_LINE = re.compile(r"^E\d{4} ")
_LAUNCHER = re.compile(r"^tritone: .*(ended|not ready|expected|found none)")
_LINES = 25


def activate(visit: Visit, front_door: FrontDoor, target: ReleaseState, state: NodeState) -> None:
    """Make a release the one that serves.

    Whatever fails before the switch leaves the old one serving; the lock then stops the new one.

    Args:
        visit: the node.
        front_door: leads to the old release, if there is one.
        target: the release; it lies on the node ready to be started.
        state: of the node before.

    Raises:
        UnhealthyReleaseError: it does not start, or fails its smoke test; with the reasons from its log.
        FrontDoorError: the front door does not follow.
    """
    new = target.release
    before = state.find(state.current)
    old = before.release if before and before.runs else None
    visit.lock.require()
    visit.progress.step(f"Start {new.id} beside it" if old else f"Start {new.id}")
    try:
        visit.start(new)
        visit.checks.wait_ready(new.ports, lambda: visit.alive(new), visit.patience.start_s)
        visit.progress.step("Smoke test: both pipelines, over gRPC and HTTP")
        visit.checks.smoke(new.ports)
        visit.lock.require()
        front_door.switch(new, old)
    except UnreachableError:
        raise
    except DeployError as error:
        reason = str(error).splitlines()[0]
        visit.record(target, f"failed: {reason}")
        raise type(error)(f"{new.id} is not in service. {error}{_from_log(visit.log(new))}") from error
    visit.record(target, "served")
    if old:
        retire(visit, front_door, old, new)


def retire(visit: Visit, front_door: FrontDoor, old: Release, new: Release) -> None:
    """Wait for the last request of the old release, and stop it."""
    visit.progress.step(f"Drain {old.id}")
    if not front_door.drained(old):
        visit.progress.note(
            f"requests are still under way after {visit.patience.drain_s:g} s (--drain-timeout); "
            "they end with it"
        )
    visit.lock.require()
    visit.progress.step(f"Stop {old.id}")
    visit.stop(old)
    front_door.forget(new)


def log_excerpt(log: str) -> str:
    """Return the lines of a server's log that tell why it failed.

    They are what the launcher said last; else Triton's errors; else the end.
    """
    lines = log.strip().splitlines()
    told = [number for number, line in enumerate(lines) if _LAUNCHER.match(line)]
    if told:
        return "\n".join(lines[told[-1] :][:_LINES])
    errors = [line for line in lines if _ERROR_LINE.match(line) and not is_harmless(line)]
    return "\n".join((errors or lines)[-_LINES:])


def _from_log(log: str) -> str:
    excerpt = log_excerpt(log)
    return f"\nIts log says:\n{excerpt}" if excerpt else ""
