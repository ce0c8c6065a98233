"""Bring a release into service: start it beside the old one, try it, switch, drain and stop the old one."""

from __future__ import annotations

import re

from deploy.errors import DeployError, UnreachableError
from deploy.proxy import Proxy
from deploy.release import NodeState, Release, ReleaseState
from deploy.session import Session
from tritone.server.log import is_harmless

_ERROR_LINE = re.compile(r"^E\d{4} ")
_LAUNCHER = re.compile(r"^tritone: .*(ended|not ready|expected|found none)")
_LINES = 25


def activate(session: Session, proxy: Proxy, target: ReleaseState, state: NodeState) -> None:
    """Make a release the one that serves.

    Whatever fails before the switch leaves the old one serving; the lock then stops the new one.

    Args:
        session: the node.
        proxy: leads to the old release, if there is one.
        target: the release; it lies on the node ready to be started.
        state: of the node before.

    Raises:
        UnhealthyReleaseError: it does not start, or fails its smoke test; with the reasons from its log.
        ProxyError: the proxy does not follow.
    """
    new = target.release
    before = state.find(state.current)
    old = before.release if before and before.runs else None
    session.lock.require()
    session.progress.step(f"Start {new.id} beside it" if old else f"Start {new.id}")
    try:
        session.start(new)
        session.checks.wait_ready(new.ports, lambda: session.alive(new), session.timeouts.start_s)
        session.progress.step("Smoke test: both pipelines, over gRPC and HTTP")
        session.checks.smoke(new.ports)
        session.lock.require()
        proxy.switch(new, old)
    except UnreachableError:
        raise
    except DeployError as error:
        reason = str(error).splitlines()[0]
        session.record(target, f"failed: {reason}")
        raise type(error)(f"{new.id} is not in service. {error}{_from_log(session.log(new))}") from error
    session.record(target, "served")
    if old:
        retire(session, proxy, old, new)


def retire(session: Session, proxy: Proxy, old: Release, new: Release) -> None:
    """Wait for the last request of the old release, and stop it."""
    session.progress.step(f"Drain {old.id}")
    if not proxy.drained(old):
        session.progress.note(
            f"requests are still under way after {session.timeouts.drain_s:g} s (--drain-timeout); "
            "they end with it"
        )
    session.lock.require()
    session.progress.step(f"Stop {old.id}")
    session.stop(old)
    proxy.forget(new)


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
