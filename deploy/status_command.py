"""`python -m deploy status`: what a node serves."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from deploy.checks import Checks
from deploy.facts import read_facts
from deploy.layout import Layout
from deploy.node import Node
from deploy.options import Target
from deploy.progress import Progress
from deploy.release import NodeState, ReleaseState
from deploy.smoke import SmokeTest
from deploy.working import connected, current_state


@dataclass(frozen=True)
class Status:
    """What a node serves."""

    state: NodeState
    gpus: tuple[str, ...]
    ready: bool  # whether the public ports answer, over both protocols

    def to_json(self) -> str:
        """Return everything, for programs."""
        fields = asdict(self.state)
        fields |= {"door": fields.pop("proxy"), "door_runs": fields.pop("proxy_runs")}  # what programs read
        return json.dumps({"ready": self.ready, "gpus": self.gpus, **fields}, indent=2)


def status(target: Target, smoke_test: SmokeTest, progress: Progress, as_json: bool) -> bool:
    """Print what a node serves; return whether it serves."""
    with connected(target, smoke_test, progress) as (node, checks):
        found = read_status(node, checks, target)
    print(found.to_json() if as_json else described(found, target.host))
    return found.ready


def read_status(node: Node, checks: Checks, target: Target) -> Status:
    """Ask a node."""
    facts = read_facts(node, target.root)
    state = current_state(node, Layout(facts.root))
    settings = state.proxy
    ready = bool(settings and state.proxy_runs and checks.ready(settings.reachable_address, settings.ports))
    return Status(state, facts.gpus, ready)


def described(status: Status, host: str) -> str:
    """Return a status as text."""
    state, settings = status.state, status.state.proxy
    lines = [f"{host}: {'serves' if status.ready else 'does not serve'}"]
    if settings:
        runs = "runs" if state.proxy_runs else "does not run"
        lines.append(
            f"proxy {runs} ({settings.runtime}): {settings.address}, HTTP {settings.ports.http}, "
            f"gRPC {settings.ports.grpc}, metrics {settings.ports.metrics}"
        )
    lines.append(f"GPU {', '.join(status.gpus) or 'none'}")
    rows: list[tuple[str, ...]] = [
        ("release", "version", "runtime", "config", "ports", "engines", "server", "state")
    ]
    rows += [_row(found, state) for found in reversed(state.releases)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines += [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join(lines)


def _row(found: ReleaseState, state: NodeState) -> tuple[str, ...]:
    release = found.release
    role = {state.current: "serves", state.previous: "the one before"}.get(release.id, release.outcome)
    if role == "serves" and not found.runs:
        role = "should serve, its server does not run: make deploy, or sh up on the node"
    return (
        release.id,
        release.version,
        release.runtime,
        release.model_config_name or "-",
        "/".join(str(port) for port in release.ports.all()),
        str(found.engines),
        f"up {duration(state.now_s - found.started_s)}" if found.started_s is not None else "stopped",
        role if len(role) < 100 else role[:97] + "...",
    )


def duration(seconds: int) -> str:
    """Return a time in its two largest units."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, length in units:
        count, seconds = divmod(max(0, seconds), length)
        if count or parts or name == "s":
            parts.append(f"{count} {name}")
        if len(parts) == 2:
            break
    return " ".join(parts)
