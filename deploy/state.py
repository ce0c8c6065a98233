"""What a node records and reports: its releases and the settings of its proxy."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple, dataclass
from typing import TypeVar

from deploy.layout import NodeLayout
from deploy.node import Node, quoted
from tritone.server import Ports

RecordT = TypeVar("RecordT", "ProxySettings", "Release")


@dataclass(frozen=True)
class ProxySettings:
    """How the proxy runs: front/door.json, so that rollback and status need no options."""

    address: str  # that it listens on
    ports: Ports  # public
    runtime: str  # "process" or "container"
    envoy: str  # path of the binary on the node, or name of the image
    gateway_port: int | None = None  # public; None: without the gateway

    @property
    def public_ports(self) -> tuple[int, ...]:
        """Every port that the proxy listens on."""
        return (*astuple(self.ports), *([] if self.gateway_port is None else [self.gateway_port]))

    @property
    def reachable_address(self) -> str:
        """The address for requests from the node itself, as written before :PORT."""
        if self.address in ("0.0.0.0", "::"):
            return "127.0.0.1"
        return f"[{self.address}]" if ":" in self.address else self.address


@dataclass(frozen=True)
class Release:
    """A release as it was created: release.json beside its tree."""

    id: str  # time and commit
    commit: str  # of the tree, with -dirty if it had uncommitted changes
    version: str  # of the library
    created_at: str  # ISO 8601, UTC
    created_by: str  # user@machine
    runtime: str  # "process" or "container"
    model_config_name: str | None  # configs/<name>.pbtxt where a model has one
    ports: Ports  # of its server, on the node's loopback address
    environment: str | None = None  # folder under environments/, if it needs one
    gateway_port: int | None = None  # of its gateway, on the node's loopback address; None: it has none
    outcome: str = "prepared"  # or served, or failed with the reason


@dataclass(frozen=True)
class ReleaseState:
    """A release as it is on the node now."""

    release: Release
    started_s: int | None = None  # epoch seconds; None: its server is not running
    restarts: int = 0  # by the container engine
    engines: int = 0  # TensorRT plans in its repository

    @property
    def runs(self) -> bool:
        """Whether its server is running."""
        return self.started_s is not None


@dataclass(frozen=True)
class NodeState:
    """All releases of a node, and its proxy."""

    releases: tuple[ReleaseState, ...] = ()  # oldest first
    current: str | None = None  # id of the serving release
    previous: str | None = None  # id of the release that served before
    proxy: ProxySettings | None = None
    proxy_runs: bool = False
    now_s: int = 0  # the node's clock, epoch seconds
    environments: tuple[str, ...] = ()

    def find(self, release_id: str | None) -> ReleaseState | None:
        """Return a release by its id."""
        return next((state for state in self.releases if state.release.id == release_id), None)


_SCRIPT = """
cd {root} 2>/dev/null || exit 0
echo "now $(date +%s)"
for link in current previous; do
  if [ -L $link ]; then echo "$link $(basename "$(readlink $link)")"; fi
done
if [ -f front/door.json ]; then echo "proxy $(tr -d '\\n' <front/door.json)"; fi
if [ -f front/alive ] && sh front/alive >/dev/null; then echo "proxy-runs"; fi
for folder in environments/*/; do
  if [ -d "$folder" ]; then echo "environment $(basename "$folder")"; fi
done
for folder in releases/*/; do
  if [ -f "$folder/release.json" ]; then
    id=$(basename "$folder")
    echo "release $(tr -d '\\n' <"$folder/release.json")"
    if running=$(sh "$folder/alive" 2>/dev/null); then echo "running $id $running"; fi
    echo "engines $id $(find "$folder/tree/model_repository" -name '*.plan' 2>/dev/null | wc -l)"
  fi
done
"""

# A dry run assumes that the node already serves a release, so that it shows every step.
_DRY_RUN_ANSWER = """now 1
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


def to_json(record: ProxySettings | Release) -> str:
    """Return a record as it is kept on the node."""
    return json.dumps(asdict(record), indent=2) + "\n"


def from_json(kind: type[RecordT], text: str) -> RecordT:
    """Read a record."""
    fields = json.loads(text)
    return kind(**{**fields, "ports": Ports(**fields["ports"])})


def read_state(node: Node, layout: NodeLayout) -> NodeState:
    """Query a node for its state."""
    command = _SCRIPT.replace("{root}", quoted("{}", layout.root))
    return parse_state(node.run(command, dry_run_output=_DRY_RUN_ANSWER).output)


def parse_state(answer: str) -> NodeState:
    """Parse the output of the state script."""
    lines = [line.partition(" ")[::2] for line in answer.splitlines()]
    single = dict(lines)
    running = {rest.split()[0]: rest.split()[1:] for word, rest in lines if word == "running"}
    engines = dict(rest.split() for word, rest in lines if word == "engines")
    states = []
    for word, rest in lines:
        if word == "release":
            release = from_json(Release, rest)
            times = [int(number) for number in running.get(release.id, [])]
            states.append(
                ReleaseState(
                    release,
                    started_s=times[0] if times else None,
                    restarts=times[1] if len(times) > 1 else 0,
                    engines=int(engines.get(release.id, 0)),
                )
            )
    return NodeState(
        releases=tuple(sorted(states, key=lambda state: state.release.id)),
        current=single.get("current"),
        previous=single.get("previous"),
        proxy=from_json(ProxySettings, single["proxy"]) if "proxy" in single else None,
        proxy_runs="proxy-runs" in single,
        now_s=int(single.get("now", "0")),
        environments=tuple(rest for word, rest in lines if word == "environment"),
    )
