"""Activate a release: start it beside the old one, test it, switch, drain and stop the old one."""

from __future__ import annotations

import re

from deploy.errors import DeployError, UnreachableError
from deploy.proxy import Proxy
from deploy.session import NodeSession
from deploy.state import NodeState, Release, ReleaseState
from tritone.server.log import is_harmless

_ERROR_LINE = re.compile(r"^E\d{4} ")
_LAUNCHER = re.compile(r"^tritone: .*(ended|not ready|expected|found none)")
_LINES = 25
_GATEWAY_S = 60.0


def activate(session: NodeSession, proxy: Proxy, target: ReleaseState, state: NodeState) -> None:
    """Make a release the one that serves.

    After a failure before the switch the old one still serves, and releasing the lock stops the new one.

    Args:
        session: the node.
        proxy: routes to the old release, if there is one.
        target: the release, ready to be started on the node.
        state: of the node before.

    Raises:
        UnhealthyReleaseError: it does not start, or fails its smoke test; with errors from its log.
        ProxyError: the proxy does not apply the change.
    """
    new = target.release
    before = state.find(state.current)
    old = before.release if before and before.runs else None
    session.lock.require()
    session.progress.step(f"Start {new.id} beside {old.id}" if old else f"Start {new.id}")
    try:
        session.start(new)
        session.checks.wait_ready(new.ports, lambda: session.alive(new), session.timeouts.start_s)
        if new.gateway_port is not None:
            session.checks.wait_gateway(new.gateway_port, lambda: session.alive(new), _GATEWAY_S)
        session.progress.step("Smoke test: both pipelines, over gRPC and HTTP")
        session.checks.smoke(new.ports)
        session.lock.require()
        proxy.switch(new, old)
    except UnreachableError:
        raise
    except DeployError as error:
        session.record(target, f"failed: {str(error).splitlines()[0]}")
        excerpt = log_excerpt(session.log(new))
        reason = f"{error}\nIts log says:\n{excerpt}" if excerpt else str(error)
        raise type(error)(f"{new.id} is not in service. {reason}") from error
    session.record(target, "served")
    if old:
        retire(session, proxy, old, new)


def retire(session: NodeSession, proxy: Proxy, old: Release, new: Release) -> None:
    """Wait for the last request of the old release, and stop it."""
    session.progress.step(f"Drain {old.id}")
    if not proxy.drained(old):
        session.progress.note(
            f"requests are still in flight after {session.timeouts.drain_s:g} s (--drain-timeout); "
            "they end with the server"
        )
    session.lock.require()
    session.progress.step(f"Stop {old.id}")
    session.stop(old)
    proxy.keep_only(new)


def log_excerpt(log: str) -> str:
    """Return the lines of a server's log that say why it failed.

    These are the launcher's last message, or Triton's errors, or the end of the log.
    """
    lines = log.strip().splitlines()
    messages = [number for number, line in enumerate(lines) if _LAUNCHER.match(line)]
    if messages:
        return "\n".join(lines[messages[-1] :][:_LINES])
    errors = [line for line in lines if _ERROR_LINE.match(line) and not is_harmless(line)]
    return "\n".join((errors or lines)[-_LINES:])
