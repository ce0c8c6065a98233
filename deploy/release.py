"""A release, and what a node says about all of its releases."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from deploy.layout import Layout
from deploy.node import Node, quoted
from deploy.ports import PortTriple
from deploy.proxy_settings import ProxySettings


@dataclass(frozen=True)
class Release:
    """What is known about a release from the moment it is made; release.json beside its tree."""

    id: str  # time and commit
    commit: str  # of the tree, with -dirty when it had uncommitted changes
    version: str  # of the library
    created_at: str  # ISO 8601, UTC
    created_by: str  # user@machine
    runtime: str  # "process" or "container"
    model_config_name: str | None  # configs/<name>.pbtxt where a model has one
    ports: PortTriple  # of its server, on the node's loopback address
    environment: str | None = None  # folder under environments/, where it has one of its own
    outcome: str = "prepared"  # served, or failed with the reason

    def to_json(self) -> str:
        """Return the record as it is kept on the node."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Release:
        """Read a record."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**{**fields, "ports": PortTriple(**fields["ports"])})


@dataclass(frozen=True)
class ReleaseState:
    """A release as it is on the node now."""

    release: Release
    started_s: int | None = None  # epoch seconds; None: its server does not run
    restarts: int = 0  # how often a container engine started it anew
    engines: int = 0  # TensorRT plans in its repository

    @property
    def runs(self) -> bool:
        """Whether its server runs."""
        return self.started_s is not None


@dataclass(frozen=True)
class NodeState:
    """All releases of a node."""

    releases: tuple[ReleaseState, ...] = ()  # oldest first
    current: str | None = None  # id of the release that serves
    previous: str | None = None  # id of the release that served before
    proxy: ProxySettings | None = None
    proxy_runs: bool = False
    now_s: int = 0  # the node's clock, epoch seconds
    environments: tuple[str, ...] = field(default=())

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


def read_state(node: Node, layout: Layout, supposing: str = "") -> NodeState:
    """Ask a node for its releases; `supposing` is the answer in a dry run."""
    command = _SCRIPT.replace("{root}", quoted("{}", layout.root))
    return parse_state(node.run(command, supposing=supposing).output)


def parse_state(answer: str) -> NodeState:
    """Read the answer of the state script."""
    lines = [line.partition(" ")[::2] for line in answer.splitlines()]
    single = {
        word: rest for word, rest in lines if word in ("now", "current", "previous", "proxy", "proxy-runs")
    }
    running = {rest.split()[0]: rest.split()[1:] for word, rest in lines if word == "running"}
    engines = {rest.split()[0]: int(rest.split()[1]) for word, rest in lines if word == "engines"}
    states = []
    for word, rest in lines:
        if word == "release":
            release = Release.from_json(rest)
            times = [int(number) for number in running.get(release.id, [])]
            states.append(
                ReleaseState(
                    release,
                    started_s=times[0] if times else None,
                    restarts=times[1] if len(times) > 1 else 0,
                    engines=engines.get(release.id, 0),
                )
            )
    return NodeState(
        releases=tuple(sorted(states, key=lambda state: state.release.id)),
        current=single.get("current"),
        previous=single.get("previous"),
        proxy=ProxySettings.from_json(single["proxy"]) if "proxy" in single else None,
        proxy_runs="proxy-runs" in single,
        now_s=int(single.get("now", "0")),
        environments=tuple(rest for word, rest in lines if word == "environment"),
    )
