"""`python -m deploy status`: what a node serves."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from datetime import timedelta

from deploy.facts import read_facts
from deploy.layout import NodeLayout
from deploy.options import Destination
from deploy.progress import Progress
from deploy.session import connected
from deploy.smoke import SmokeTest
from deploy.state import NodeState, ReleaseState, read_state


@dataclass(frozen=True)
class Status:
    """What a node serves."""

    state: NodeState
    gpus: tuple[str, ...]
    ready: bool  # whether the public ports answer, over both protocols

    def to_json(self) -> str:
        """Return everything as JSON; its keys are an interface for other programs."""
        fields = asdict(self.state)
        fields |= {"door": fields.pop("proxy"), "door_runs": fields.pop("proxy_runs")}
        return json.dumps({"ready": self.ready, "gpus": self.gpus, **fields}, indent=2)

    def to_text(self, host: str) -> str:
        """Return a summary and a table of the releases."""
        state, proxy = self.state, self.state.proxy
        lines = [f"{host}: {'serves' if self.ready else 'does not serve'}"]
        if proxy:
            runs = "runs" if state.proxy_runs else "does not run"
            lines.append(
                f"proxy {runs} ({proxy.runtime}): {proxy.address}, HTTP {proxy.ports.http}, "
                f"gRPC {proxy.ports.grpc}, metrics {proxy.ports.metrics}"
                + (f", gateway {proxy.gateway_port}" if proxy.gateway_port else "")
            )
        lines.append(f"GPU {', '.join(self.gpus) or 'none'}")
        rows: list[tuple[str, ...]] = [
            ("release", "version", "runtime", "config", "ports", "engines", "server", "state")
        ]
        rows += [_row(found, state) for found in reversed(state.releases)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  ".join(cells).rstrip())
        return "\n".join(lines)


def status(target: Destination, smoke_test: SmokeTest, progress: Progress, as_json: bool) -> bool:
    """Print what a node serves; return whether it serves."""
    with connected(target, smoke_test, progress) as (node, checks):
        facts = read_facts(node, target.root)
        state = read_state(node, NodeLayout(facts.root))
        proxy = state.proxy
        ready = bool(proxy and state.proxy_runs and checks.ready(proxy.reachable_address, proxy.ports))
    found = Status(state, facts.gpus, ready)
    print(found.to_json() if as_json else found.to_text(target.host))
    return ready


def _row(found: ReleaseState, state: NodeState) -> tuple[str, ...]:
    release = found.release
    role = {state.current: "serves", state.previous: "previous"}.get(release.id, release.outcome)
    if role == "serves" and not found.runs:
        role = "should serve, but its server is not running: make deploy, or sh up on the node"
    return (
        release.id,
        release.version,
        release.runtime,
        release.model_config_name or "-",
        "/".join(str(port) for port in astuple(release.ports)),
        str(found.engines),
        "stopped" if found.started_s is None else f"up {timedelta(seconds=state.now_s - found.started_s)}",
        role if len(role) < 100 else role[:97] + "...",
    )
